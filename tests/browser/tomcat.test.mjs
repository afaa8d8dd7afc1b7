// The first thing a user does: paste a Deployment and its Service, apply, watch the pods become ready, send a request, scale.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  accessibilityViolations,
  assertNoProblems,
  paste,
  podsOnMap,
  screenshot,
  sizes,
  start,
  terminal,
  waitUntil,
} from "./harness.mjs";

const tomcat = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: tomcat
spec:
  replicas: 3
  selector:
    matchLabels:
      tier: frontend
  template:
    metadata:
      labels:
        tier: frontend
    spec:
      containers:
      - name: tomcat
        image: tomcat
        ports:
        - containerPort: 8080
---
{apiVersion: v1, kind: Service, metadata: {name: tomcat-service}, spec: {ports: [{port: 8080}], selector: {tier: frontend}}}
`;

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

/** Pastes, applies and lets ten seconds of the cluster pass in each of ours. */
async function applied(page) {
  await paste(page, tomcat);
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  const play = page.getByRole("button", { name: "Play", exact: true });
  if (await play.isVisible()) await play.click();
}

/** The IPs of tomcat's ready pods on the map, once there are `count` of them. */
async function readyIps(page, count) {
  const ready = await waitUntil(async () => {
    const pods = (await podsOnMap(page)).filter((name) => /^pod tomcat-/.test(name));
    const running = pods.filter((name) => /\b1\/1\b/.test(name) && /\bRunning\b/.test(name));
    return pods.length === count && running.length === count ? running : undefined;
  }, `${count} tomcat pods that are Running and 1/1 on the map`);
  return ready.map((name) => name.match(/\b10\.244\.\d+\.\d+\b/)?.[0]);
}

async function clusterIp(page) {
  const map = page.getByRole("region", { name: "Cluster map" });
  const name = (await map.ariaSnapshot()).match(/button "(service tomcat-service[^"]*)"/)?.[1];
  return name?.match(/\b10\.(9[6-9]|1[01]\d)\.\d+\.\d+\b/)?.[0];
}

test("paste, apply, ready, request, scale, replace", async () => {
  const page = await session.open();
  await applied(page);

  const ips = await readyIps(page, 3);
  assert.equal(new Set(ips).size, 3, `three pods, three IPs: ${ips}`);
  const nodes = await terminal(page, "kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}'");
  for (const ip of ips) assert.ok(nodes.includes(`${ip.split(".").slice(0, 3).join(".")}.0/24`), `${ip} in one of ${nodes}`);
  const vip = await clusterIp(page);
  assert.ok(vip, "the Service's ClusterIP is on the map");

  const endpoints = await terminal(page, "kubectl get endpointslices -o jsonpath='{.items[*].endpoints[*].addresses[0]}'");
  for (const ip of ips) assert.ok(endpoints.includes(ip), `${ip} is an endpoint: ${endpoints}`);
  // A tomcat without an application of its own answers 404; that it is the pod that answers is what counts.
  assert.match(await terminal(page, "curl -s -o /dev/null -w 'code %{http_code}\\n' tomcat-service:8080"), /^code (200|404)$/m);
  await screenshot(page, "tomcat-request");

  assert.match(await terminal(page, "kubectl scale deployment tomcat --replicas=5"), /deployment\.apps\/tomcat scaled/);
  const five = await readyIps(page, 5);
  for (const ip of ips) assert.ok(five.includes(ip), `scaling up keeps ${ip}`);

  await terminal(page, "kubectl delete pods -l tier=frontend --wait=false");
  const fresh = await waitUntil(async () => {
    const now = await readyIps(page, 5);
    return now.every((ip) => !five.includes(ip)) ? now : undefined;
  }, "five new pods with new IPs");
  assert.equal(new Set(fresh).size, 5);
  assert.equal(await clusterIp(page), vip, "the ClusterIP stays");
  assertNoProblems(page);
});

for (const [name, size] of Object.entries(sizes)) {
  for (const theme of ["light", "dark"]) {
    test(`a running cluster at the size of a ${name}, ${theme}, is drawn and accessible`, async () => {
      const page = await session.open({ size, theme });
      await applied(page);
      await readyIps(page, 3);
      await screenshot(page, `tomcat-${name}-${theme}`);
      assert.deepEqual(await accessibilityViolations(page), []);
      assertNoProblems(page);
    });
  }
}
