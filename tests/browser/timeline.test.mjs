// The timeline: a lane a pod in the order of its workload, the same as a table, and the way from a lane to the inspector.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, paste, screenshot, start, terminal, waitUntil } from "./harness.mjs";

const job = `apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  completions: 5
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: pi, image: busybox, command: [sh, -c, "sleep 8"]}]
`;

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const stage = (page, name) => page.getByRole("tablist", { name: "Stage" }).getByRole("tab", { name });

async function applied(page, yaml) {
  await paste(page, yaml);
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await stage(page, "Timeline").click();
  return page.getByRole("region", { name: "Timeline" });
}

test("a Job by twos: five lanes, never three at work at once", async () => {
  const page = await session.open();
  const timeline = await applied(page, job);
  const lanes = timeline.getByRole("button", { name: /^pod pi-/ });
  await waitUntil(async () => {
    const labels = await lanes.evaluateAll((all) => all.map((lane) => lane.getAttribute("aria-label")));
    return labels.length === 5 && labels.every((label) => label.includes("Completed since"));
  }, "five completed pods");
  await timeline.getByText("5/5", { exact: true }).waitFor();
  await screenshot(page, "timeline-job");
  assert.deepEqual(await accessibilityViolations(page), []);

  const clock = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const lives = await lanes.evaluateAll((all) => all.map((lane) => lane.getAttribute("aria-label")));
  const spans = lives.map((life) => [clock(life.match(/Running ([\d:.]+) for/)[1]), clock(life.match(/Completed since ([\d:.]+)/)[1])]);
  for (const [from] of spans) {
    assert.ok(spans.filter(([a, b]) => a <= from && from < b - 0.2).length <= 2, `two at a time: ${JSON.stringify(spans)}`);
  }

  await page.getByRole("button", { name: "Table", exact: true }).click();
  const table = timeline.getByRole("table", { name: "Pods" });
  assert.equal(await table.getByText("Job/pi").count(), 5);
  await table.getByRole("button", { name: /^pi-/ }).first().press("Enter");
  await page.getByRole("region", { name: "Inspector" }).getByRole("heading", { name: /^pi-/ }).waitFor();
  assertNoProblems(page);
});

test("a lane is reached by the keyboard, and restarts are counted", async () => {
  const page = await session.open();
  await terminal(page, "kubectl run crash --image=busybox -- sh -c 'sleep 2; exit 1'");
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  await stage(page, "Map").press("ArrowRight");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await timeline.getByRole("button", { name: /^pod crash,.*CrashLoopBackOff/ }).press("Enter");
  await page.getByRole("region", { name: "Inspector" }).getByRole("heading", { name: "crash" }).waitFor();
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await waitUntil(async () => /\bcrash\s+\S*\s*node-\d\s+[2-9]/.test(await timeline.getByRole("table").innerText()), "two restarts");
  assertNoProblems(page);
});
