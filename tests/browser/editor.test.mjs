// The editor's help and the terminal's: remedies in one click, fields on offer, several lines, vi, and branches of history.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, paste, start, terminal, waitUntil } from "./harness.mjs";

const old = `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: web
spec:
  rules:
  - host: foo.bar.com # the first host
    http:
      paths:
      - path: /
        backend:
          serviceName: web
          servicePort: 80
`;

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const editor = (page) => page.getByRole("textbox", { name: "Manifest editor" });

test("a removed apiVersion is rewritten in one click and keeps its comments", async () => {
  const page = await session.open();
  await paste(page, old);
  await page.getByRole("list", { name: "Problems in the manifest" }).getByRole("button", { name: "Fix" }).first().click();
  await waitUntil(async () => (await editor(page).innerText()).includes("networking.k8s.io/v1"), "the present version");
  const text = await editor(page).innerText();
  assert.match(text, /# the first host/);
  assert.match(text, /service:\n\s+name: web\n\s+port:\n\s+number: 80/);
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await page.getByRole("log").getByText("ingress.networking.k8s.io/web created").waitFor();
  assertNoProblems(page);
});

test("fields are offered while one types", async () => {
  const page = await session.open();
  await paste(page, "apiVersion: apps/v1\nkind: Deployment\nspec:\n  ");
  await page.keyboard.type("repl");
  await page.getByRole("option", { name: /^replicas/ }).first().click();
  assert.match(await editor(page).innerText(), /replicas: /);
  assertNoProblems(page);
});

test("several lines in the terminal, a file in the editor, and back", async () => {
  const page = await session.open();
  const input = page.getByRole("textbox", { name: "Terminal input" });
  await input.fill("cat > note.yaml <<'END'");
  await input.press("Enter");
  await page.keyboard.type("kind: ConfigMap");
  await input.press("Enter");
  await page.keyboard.type("END");
  await input.press("Enter");
  assert.equal(await terminal(page, "cat note.yaml"), "kind: ConfigMap");
  await input.fill("vi note.yaml");
  await input.press("Enter");
  const file = page.getByRole("combobox", { name: "File", exact: true });
  await waitUntil(async () => (await file.inputValue()) === "note.yaml", "the file in the editor");
  await paste(page, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n");
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await page.getByRole("log").getByText("configmap/note created").waitFor();
  await file.selectOption("manifest.yaml");
  await waitUntil(async () => (await editor(page).innerText()).includes("name: tomcat"), "the manifest");
  assertNoProblems(page);
});

test("acting in the past is another branch, and the first one is kept", async () => {
  const page = await session.open();
  await terminal(page, "kubectl create deployment web --image=nginx");
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  await terminal(page, "kubectl rollout status deployment web");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("slider", { name: "Time" }).press("Home");
  await terminal(page, "kubectl create deployment other --image=httpd");
  const branches = page.getByRole("combobox", { name: "Branch of history" });
  await branches.waitFor();
  assert.match(await terminal(page, "kubectl get deployments -o name"), /^deployment\.apps\/other$/);
  await branches.selectOption("0");
  assert.match(await terminal(page, "kubectl get deployments -o name"), /^deployment\.apps\/web$/);
  assertNoProblems(page);
});
