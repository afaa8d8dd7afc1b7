// What is on the page only now and then: menus, candidates, a running command, an empty filter, a node that is down, an object that
// is gone. Each is looked at by axe-core, at the sizes of a laptop and of a phone, as are the ways the page is embedded.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, paste, sizes, start, terminal, waitUntil } from "./harness.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

for (const [size, theme] of [["laptop", "light"], ["phone", "dark"]]) {
  test(`what comes and goes is accessible: ${size}, ${theme}`, async () => {
    const page = await session.open({ size: sizes[size], theme });
    const small = size === "phone";
    const pane = async (name) => small && page.getByRole("tablist", { name: "Place" }).getByRole("tab", { name }).click();
    const stage = (name) => page.getByRole("tablist", { name: "Stage" }).getByRole("tab", { name }).click();
    const accessible = async (what) => assert.deepEqual(await accessibilityViolations(page), [], what);
    const input = page.getByRole("textbox", { name: "Terminal input" });

    await accessible("a new page");
    for (const view of ["Timeline", "Charts", "Network rules"]) {
      await stage(view);
      await accessible(`${view} of an empty cluster`);
    }
    await page.getByRole("searchbox", { name: "Filter" }).fill("nothing of the kind");
    await accessible("rules of which none is shown");
    await stage("Map");
    await page.getByRole("button", { name: /^Scenarios/ }).click();
    await accessible("the menu of scenarios");
    await page.keyboard.press("Escape");
    await paste(page, "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replica: 3\n");
    await page.getByRole("list", { name: "Problems in the manifest" }).waitFor();
    await accessible("a manifest with mistakes");

    await pane("Terminal");
    await input.fill("kubectl get p");
    await input.press("Tab");
    await page.locator(".candidates").waitFor();
    await accessible("candidates");
    await input.fill("kubectl get pods --watch");
    await input.press("Enter");
    await page.getByRole("button", { name: "Cancel (Ctrl+C)" }).waitFor();
    await accessible("a command that runs");
    await page.getByRole("button", { name: "Cancel (Ctrl+C)" }).click();
    await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "50×" });
    await terminal(page, "kubectl create deployment web --image=nginx && kubectl expose deployment web --port=80 && kubectl rollout status deployment web");
    await terminal(page, "kubectl run crash --image=busybox -- sh -c 'exit 1'; kubectl run huge --image=nginx --overrides='{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"nginx\",\"resources\":{\"requests\":{\"cpu\":\"64\"}}}]}}'");
    const map = page.getByRole("region", { name: "Cluster map" });
    await map.getByRole("button", { name: /^pod crash, .*CrashLoopBackOff/ }).press("Enter");
    const inspector = page.getByRole("region", { name: "Inspector" });
    for (const tab of await inspector.getByRole("tab").all()) {
      await tab.click();
      await accessible(`the inspector's ${await tab.innerText()}`);
    }
    await pane("Terminal");
    await terminal(page, "kubectl delete pod crash --wait=false --grace-period=0 --force");
    await pane("Inspector");
    await inspector.getByText("It is gone.").waitFor();
    await accessible("what is gone");

    await map.getByRole("button", { name: "send a request to service web" }).press("Enter");
    await page.getByRole("region", { name: "Requests" }).getByRole("button", { name: /^web:80.*200 OK/ }).waitFor();
    await map.getByRole("button", { name: /^hop \d/ }).first().press("Enter");
    await inspector.getByText(/^Hop \d+ of/).waitFor();
    await accessible("a request and one of its hops");
    await map.getByRole("button", { name: "actions on node node-1" }).press("Enter");
    await page.getByRole("button", { name: "Power failure" }).waitFor();
    await accessible("the menu of a node");
    await page.getByRole("button", { name: "Power failure" }).press("Enter");
    await map.getByRole("button", { name: /^node node-1, NotReady/ }).waitFor();
    await accessible("a node that is down");
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await accessible("tables");
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByText(/it holds the whole history/).waitFor();
    await accessible("a message");
    assertNoProblems(page);
  });
}

test("each way of embedding is accessible, and nothing reaches over the frame's edge", async () => {
  for (const query of ["", "&view=map", "&view=timeline,terminal", "&view=editor,terminal", "&view=charts,events", "&view=inspector,rules", "&readonly=1"]) {
    for (const width of [960, 360]) {
      const page = await session.visit(`${session.url}?embed=1&scenario=cluster-ip&lang=en&speed=10${query}`, { size: { width, height: 560 } });
      await page.getByRole("link", { name: "Open the full page" }).waitFor();
      await waitUntil(() => page.evaluate(() => document.querySelectorAll(".map .pod, .timeline .lane, .charts .chart, .rules pre > *, .screen pre, .events li").length > 0), query);
      assert.deepEqual(await accessibilityViolations(page), [], `${query} ${width}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, query);
      assertNoProblems(page);
      await page.context().close();
    }
  }
});

test("the gallery and the about page are accessible on a phone", async () => {
  for (const name of ["gallery.html", "about.html"]) {
    const page = await session.visit(session.url + name, { size: sizes.phone });
    assert.deepEqual(await accessibilityViolations(page), [], name);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width, name);
    assertNoProblems(page);
  }
});
