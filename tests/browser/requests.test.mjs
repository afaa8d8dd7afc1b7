// Requests: sent by the form, seen to travel, read hop by hop by mouse and by keyboard, found again among the rules of a node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, paste, podsOnMap, screenshot, start, waitUntil } from "./harness.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const ready = async (page, name) => (await podsOnMap(page)).filter((pod) => pod.startsWith(`pod ${name}`) && pod.includes("1/1"));
const choose = (page, name, value) => page.getByRole("combobox", { name, exact: true }).first().selectOption(value);

/** Applies a manifest, waits for its pods, and opens the form for requests. */
async function applied(page, yaml, pods) {
  if (yaml) await paste(page, yaml);
  await choose(page, "Speed", { label: "10×" });
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  for (const [name, count] of pods) await waitUntil(async () => (await ready(page, name)).length === count, `${count} pods ${name}`);
  await page.getByRole("tab", { name: /^Requests/ }).click();
  return page.getByRole("region", { name: "Requests" });
}

async function send(page, from, to, count) {
  await choose(page, "From", from);
  await page.getByLabel("To", { exact: true }).fill(to);
  await choose(page, "How many", `${count}`);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

test("through Ingress, Service and pod: each hop is a mark on the map and a page of the inspector", async () => {
  const page = await session.open();
  const yaml = readFileSync("tests/browser/ingress.yaml", "utf8");
  const requests = await applied(page, yaml, [["foo", 2], ["bar", 2], ["ingress-nginx-controller", 1]]);
  const port = (await page.getByRole("region", { name: "Cluster map" }).ariaSnapshot()).match(/node port (\d+)/)[1];
  await send(page, "outside", `-s -H "Host: foo.bar.com" 192.168.10.11:${port}/`, 1);
  await requests.getByRole("button", { name: /200 OK/ }).first().waitFor();

  const map = page.getByRole("region", { name: "Cluster map" });
  const marks = map.getByRole("button", { name: /^hop \d+:/ });
  assert.ok((await marks.count()) >= 3, "the way is marked on the map");
  await screenshot(page, "ingress-hops");
  await marks.last().click();
  const inspector = page.getByRole("region", { name: "Inspector" });
  await inspector.getByText(/^Hop \d+ of \d+/).waitFor();

  // By keyboard alone: from the first hop on to the last, each with its sentence.
  await requests.getByRole("button", { name: "DNS" }).or(requests.locator(".hop")).first().press("Enter");
  await inspector.getByText(/^Hop 1 of \d+/).waitFor();
  const count = Number((await inspector.getByText(/^Hop 1 of/).innerText()).match(/of (\d+)/)[1]);
  const sentences = [];
  for (let n = 1; n <= count; n++) {
    await inspector.getByText(new RegExp(`^Hop ${n} of`)).waitFor();
    sentences.push(await inspector.locator(".sentence").innerText());
    if (n < count) await inspector.getByRole("button", { name: "Next hop" }).press("Enter");
  }
  assert.ok(sentences.every((sentence) => sentence.length > 10), sentences.join("\n"));
  assert.ok(sentences.some((sentence) => /foo\.bar\.com/.test(sentence)), `the Ingress rule is told: ${sentences.join("\n")}`);
  assert.deepEqual(await accessibilityViolations(page), []);
  assertNoProblems(page);
});

test("a hundred requests show their shares; ipvs takes the pods in turn, iptables draws", async () => {
  const page = await session.open();
  const requests = await applied(page, "", [["tomcat-", 3]]);
  const shares = async () => {
    const rows = await requests.getByRole("table", { name: "Who answered" }).getByRole("row").allInnerTexts();
    return rows.map((row) => Number(row.split(/\s+/).at(-2)));
  };
  await choose(page, "kube-proxy mode", "ipvs");
  await page.getByRole("log").getByText("$ proxy-mode ipvs").waitFor();
  await send(page, "", "tomcat-service:8080", 1000);
  await requests.getByRole("button", { name: /×1000 tomcat-service:8080/ }).waitFor();
  const even = await shares();
  assert.equal(even.length, 3);
  assert.ok(Math.max(...even) - Math.min(...even) <= 1, `in turn: ${even}`);
  await choose(page, "kube-proxy mode", "iptables");
  await send(page, "", "tomcat-service:8080", 100);
  await requests.getByRole("button", { name: /×100 tomcat-service:8080/ }).waitFor();
  assert.equal((await shares()).reduce((a, b) => a + b), 100);

  await requests.getByRole("button", { name: /^DNAT/ }).press("Enter");
  const inspector = page.getByRole("region", { name: "Inspector" });
  const rule = (await inspector.getByRole("group", { name: "The rule that decided" }).innerText()).split("\n");
  await inspector.getByRole("button", { name: "Show it among the rules of the node" }).press("Enter");
  const rules = page.getByRole("region", { name: "Network rules" });
  const marked = await waitUntil(async () => {
    const lines = await rules.locator("mark").allInnerTexts();
    return lines.length > 0 && lines;
  }, "marked rules");
  for (const line of rule) assert.ok(marked.includes(line), `${line} is marked`);
  await choose(page, "kube-proxy mode", "nftables");
  await rules.getByText(/chain services/).or(rules.getByText("nft list ruleset")).first().waitFor();
  assert.deepEqual(await accessibilityViolations(page), []);
  await screenshot(page, "network-rules");
  assertNoProblems(page);
});
