// Takes the pictures of the gallery: opens each scenario of a built page, lets a minute or so of the cluster pass, and keeps the
// stage as static/previews/ID.jpg. Run by hand when a scenario or the look of the stage has changed:
// `node scripts/previews.mjs [ID...]`.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve } from "../tests/browser/server.mjs";

const server = await serve("dist");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 860, height: 600 }, colorScheme: "light" });
const chosen = process.argv.slice(2);
const all = readFileSync("static/scenarios/order.txt", "utf8").split(/\s+/).filter(Boolean);
for (const id of all.filter((id) => chosen.length === 0 || chosen.includes(id))) {
  const yaml = readFileSync(`static/scenarios/${id}/scenario.yaml`, "utf8");
  const slow = /view: charts/.test(yaml) || ["cron-job", "node-failure"].includes(id);
  await page.goto(`${server.url}?embed=1&scenario=${id}&speed=${slow ? 100 : 10}&view=${yaml.match(/^view: (\w+)/m)[1]}`);
  await page.waitForTimeout(slow ? 8_000 : 6_000);
  await page.locator(".stage .scroll, .stage .map").first().screenshot({ path: `static/previews/${id}.jpg`, type: "jpeg", quality: 55, scale: "css" });
}
await browser.close();
await server.close();
