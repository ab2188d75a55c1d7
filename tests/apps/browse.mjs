// Puts a real browser before the door: each app's page must load without a failed request and without a complaint in
// its console, and do one thing that needs its server. Only what goes to the door counts: the network ends here, so
// requests to other hosts (fonts, content networks) are refused; what FastAPI's page wants from one comes from npm.
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const door = process.argv[2];
const only = process.argv.slice(3);
const PATIENCE = 60_000;

const text = (page, wanted) => page.getByText(wanted).first().waitFor({ timeout: PATIENCE });
const style = async (page) => {
  const color = await page.evaluate(() => getComputedStyle(document.body).color);
  if (color !== "rgb(1, 2, 3)") throw new Error(`the stylesheet does not apply: ${color}`);
};

/** Where to go, and what must work there. */
const VISITS = {
  fastapi: ["/fastapi/docs", async (page) => {
    await text(page, "/items/{item}");
    await page.locator("#operations-default-read_items__item__get .opblock-summary-control").click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.locator('input[placeholder="item"]').fill("7");
    await page.getByRole("button", { name: "Execute" }).click();
    await page.locator(".live-responses-table").getByText('"item"').first().waitFor({ timeout: PATIENCE });
  }],
  streamlit: ["/streamlit", async (page) => {
    await text(page, "Streamlit below a prefix");
    await page.getByRole("button", { name: "Press" }).click();
    await text(page, "It was pressed");
  }],
  gradio: ["/gradio", async (page) => {
    await page.getByLabel("Name").fill("door");
    await page.getByRole("button", { name: "Greet" }).click();
    await page.waitForFunction(
      () => [...document.querySelectorAll("textarea, input")].some((field) => field.value === "Hello door"),
      undefined, { timeout: PATIENCE });
  }],
  jupyter: ["/jupyter", async (page) => {
    await page.locator(".jp-DirListing-itemText", { hasText: "style.css" }).waitFor({ timeout: PATIENCE });
  }],
  django: ["/django/admin", async (page) => {
    await page.getByLabel("Username").fill("admin");
    await page.getByLabel("Password").fill("for a test");
    await page.getByRole("button", { name: "Log in" }).click();
    await text(page, "Site administration");
    await page.getByRole("link", { name: "Users" }).click();
    await text(page, "Select user to change");
  }],
  flask: ["/flask", async (page) => {
    await style(page);
    await page.getByRole("link", { name: "away" }).click();
    await page.locator("#visits", { hasText: "2" }).waitFor({ timeout: PATIENCE });
  }],
  express: ["/express/login", async (page) => {
    await page.locator("#cookie", { hasText: "seen=1" }).waitFor({ timeout: PATIENCE });
    await style(page);
  }],
  vite: ["/vite/", async (page) => {
    await text(page, "Vite below a prefix");
    await style(page);
  }],
  "vite-dev": ["/vite-dev/", async (page) => {
    await text(page, "Vite below a prefix");
    await page.locator("body").evaluate(() => new Promise((done) => setTimeout(done, 500)));
    await style(page);
  }],
};

const FROM_NPM = { "swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css" };

async function outside(route) {
  const name = new URL(route.request().url()).pathname.split("/").pop();
  if (name in FROM_NPM) {
    const body = await readFile(new URL(`node_modules/swagger-ui-dist/${name}`, import.meta.url));
    return route.fulfill({ contentType: FROM_NPM[name], body });
  }
  return route.abort("blockedbyclient");
}

async function visit(browser, name, [path, act]) {
  const context = await browser.newContext({ baseURL: door });
  const page = await context.newPage();
  const wrong = [];
  const elsewhere = new Set();
  const sockets = [];
  const ours = (url) => url.startsWith(door) || url.startsWith(door.replace("http", "ws"));
  await context.route((url) => !ours(url.href) && !["data:", "blob:"].includes(url.protocol), (route) => {
    elsewhere.add(new URL(route.request().url()).host);
    return outside(route);
  });
  page.on("response", (answer) => {
    if (ours(answer.url()) && answer.status() >= 400) wrong.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A page that is left ends its own requests.
    if (ours(request.url()) && why !== "net::ERR_ABORTED") wrong.push(`${why} ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    sockets.push(socket);
    if (!ours(socket.url())) wrong.push(`a WebSocket to ${socket.url()}`);
    socket.on("socketerror", (why) => wrong.push(`WebSocket ${socket.url()}: ${why}`));
  });
  page.on("console", (said) => {
    const from = said.location().url;
    if (said.type() === "error" && (ours(from) || !from)) wrong.push(`console: ${said.text()} (${from})`);
  });
  page.on("pageerror", (error) => wrong.push(`script: ${error.message}`));
  try {
    await page.goto(path, { timeout: PATIENCE });
    await act(page);
  } catch (error) {
    wrong.push(error.message.split("\n")[0]);
  }
  await context.close();
  return { name, wrong, sockets: sockets.length, elsewhere: [...elsewhere] };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let failed = 0;
for (const [name, what] of Object.entries(VISITS)) {
  if (only.length && !only.includes(name)) continue;
  const started = Date.now();
  const { wrong, sockets, elsewhere } = await visit(browser, name, what);
  const notes = [`${((Date.now() - started) / 1000).toFixed(1)} s`];
  if (sockets) notes.push(`${sockets} WebSocket${sockets > 1 ? "s" : ""}`);
  if (elsewhere.length) notes.push(`not counted: ${elsewhere.join(", ")}`);
  console.log(`${wrong.length ? "FAIL" : "ok  "} ${name.padEnd(10)} ${notes.join("; ")}`);
  for (const line of wrong) console.log(`       ${line}`);
  failed += wrong.length ? 1 : 0;
}
await browser.close();
process.exit(failed ? 1 : 0);
