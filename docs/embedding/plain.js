// The lesson's own script. A file of its own, so that the host page's Content-Security-Policy needs no 'unsafe-inline'.
const cluster = document.getElementById("cluster");
const said = document.getElementById("said");
const say = (text) => said.append(`${text.trimEnd()}\n`);
const onClick = (id, work) => document.getElementById(id).addEventListener("click", () => work().catch((error) => say(`refused: ${error.message}`)));

onClick("apply", async () => {
  const { stdout, stderr } = await cluster.client.apply(document.getElementById("manifest").textContent);
  say(stdout + stderr);
});
onClick("minute", async () => {
  await cluster.client.advance(60_000);
  const { stdout } = await cluster.client.exec("kubectl get pods");
  say(stdout);
});
onClick("back", async () => {
  const { start_ms } = await cluster.client.get("clock");
  await cluster.client.seek(start_ms);
});

cluster.addEventListener("kubottle-event", ({ detail: { event } }) => {
  if (event.reason === "Started") say(`${event.name}: ${event.message}`);
});
