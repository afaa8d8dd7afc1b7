// Charts: the walk-through of an autoscaler under a load that is drawn and dragged, read by pointer and keyboard, as text, as files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, paste, podsOnMap, screenshot, start, waitUntil } from "./harness.mjs";

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: php-apache}
spec:
  selector: {matchLabels: {run: php-apache}}
  template:
    metadata: {labels: {run: php-apache}}
    spec:
      containers:
      - name: php-apache
        image: registry.k8s.io/hpa-example
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 500m}, requests: {cpu: 200m}}
---
{apiVersion: v1, kind: Service, metadata: {name: php-apache}, spec: {ports: [{port: 80}], selector: {run: php-apache}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: php-apache}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: php-apache}
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
`;

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const speed = (page, label) => page.getByRole("combobox", { name: "Speed" }).selectOption({ label });

/** The number a chart's legend shows behind a name. */
async function shown(charts, chart, name) {
  const text = await charts.locator("figure").filter({ has: charts.page().getByRole("heading", { name: chart }) }).locator("figcaption").innerText();
  return Number(text.match(new RegExp(`${name}\\s+([\\d.]+)`))?.[1] ?? NaN);
}

test("a drawn load makes the autoscaler climb, and its decision is read as a sentence", async () => {
  const page = await session.open();
  await paste(page, manifest);
  await speed(page, "10×");
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await waitUntil(async () => (await podsOnMap(page)).some((pod) => /php-apache.*1\/1/.test(pod)), "a ready pod");
  await page.getByRole("tablist", { name: "Stage" }).getByRole("tab", { name: "Charts" }).click();
  const charts = page.getByRole("region", { name: "Charts" });
  await charts.getByRole("combobox", { name: "Send it to" }).waitFor();
  await charts.getByRole("combobox", { name: "Shape …" }).selectOption("constant");
  await speed(page, "50×");
  await charts.getByRole("button", { name: "Start the load" }).click();
  await page.getByRole("log").getByText(/load svc\/php-apache -n default --rps 100 --for 600s/).waitFor();
  await waitUntil(async () => (await shown(charts, "Replicas", "desired")) > 1, "more replicas");
  const offered = await shown(charts, /^Load/, "offered");
  assert.ok(offered > 40 && offered < 60, `half of 100 requests a second: ${offered}`);

  // Dragged up, by the keyboard, while it runs: what is sent follows.
  const knob = charts.getByRole("slider", { name: "load at 10:00" });
  for (let i = 0; i < 6; i++) await knob.press("ArrowUp");
  await page.getByRole("log").getByText("$ load stop svc/php-apache").first().waitFor();
  await waitUntil(async () => (await shown(charts, /^Load/, "offered")) > offered, "more requests");
  await speed(page, "1×");

  await charts.getByText(/ceil\(.*\) = \d+/).first().waitFor();
  const plot = charts.getByRole("group", { name: /^Replicas: arrow keys/ });
  await plot.press("Home");
  // At the beginning there is one replica, or no autoscaler yet and so no number.
  await waitUntil(async () => !((await shown(charts, "Replicas", "desired")) > 1), "the replicas of the beginning");
  const canvas = plot.locator("canvas");
  const drawn = await canvas.evaluate((c) => new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size);
  assert.ok(drawn > 8, `something is drawn: ${drawn} colours`);
  await screenshot(page, "charts");
  assert.deepEqual(await accessibilityViolations(page), []);

  for (const [name, begins] of [["SVG", "<svg"], ["CSV", "chart,series,unit,time_s,value"], ["PNG", "\u0089PNG"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), charts.getByRole("button", { name: `Export as ${name}` }).click()]);
    const text = readFileSync(await download.path(), "latin1");
    assert.ok(text.startsWith(begins) && text.length > 300, `${name}: ${text.slice(0, 60)}`);
  }
  await page.getByRole("button", { name: "Table", exact: true }).click();
  assert.match(await charts.getByRole("table", { name: "Replicas" }).innerText(), /ceil\(/);
  assertNoProblems(page);
});
