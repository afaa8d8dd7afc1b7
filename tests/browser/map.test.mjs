// The map: Ingresses and volumes beside Services and pods, the menu of a node, and why a pod waits for a node.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, paste, screenshot, start, waitUntil } from "./harness.mjs";

const manifest = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: keeper}
spec:
  containers: [{name: c, image: nginx, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Pod
metadata: {name: big}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: "64"}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`;

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

test("volumes, Ingresses, verdicts and the menu of a node", async () => {
  const page = await session.open();
  await paste(page, manifest);
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  const map = page.getByRole("region", { name: "Cluster map" });
  const inspector = page.getByRole("region", { name: "Inspector" });
  await map.getByRole("button", { name: /^persistentvolumeclaim data, Bound, 1Gi/ }).waitFor();
  await map.getByRole("button", { name: /^ingress front,.* → web:80/ }).waitFor();

  await map.getByRole("button", { name: /^pod big, Pending/ }).press("Enter");
  const verdicts = inspector.getByRole("table", { name: "What the scheduler found for each node" });
  const rows = await verdicts.getByRole("row").allInnerTexts();
  assert.deepEqual(rows.map((row) => row.split(/\s+/)[0]), ["node-1", "node-2", "node-3"]);
  assert.ok(rows.every((row) => row.includes("Insufficient cpu")), rows.join("\n"));
  await screenshot(page, "map-volumes");
  // A pod that has its node: why there, and why not elsewhere.
  await map.getByRole("button", { name: /^pod keeper, / }).press("Enter");
  await inspector.getByRole("tab", { name: "Why" }).click();
  const placed = await verdicts.getByRole("row").allInnerTexts();
  assert.equal(placed.length, 3);
  assert.equal(placed.filter((row) => row.includes("✓")).length, 1, placed.join("\n"));
  assert.deepEqual(await accessibilityViolations(page), []);

  await map.getByRole("button", { name: "actions on node node-2" }).press("Enter");
  await page.getByRole("button", { name: "Cordon" }).press("Enter");
  await page.getByRole("log").getByText("node/node-2 cordoned").waitFor();
  await map.getByRole("button", { name: /^node node-2, Ready,SchedulingDisabled/ }).waitFor();
  await map.getByRole("button", { name: "actions on node node-3" }).press("Enter");
  await page.getByRole("button", { name: "Power failure" }).press("Enter");
  await waitUntil(async () => (await map.getByRole("button", { name: /^node node-3, NotReady/ }).count()) === 1, "node-3 NotReady");
  assertNoProblems(page);
});
