// A page of a failed app, as `onedoor dev` answers it, comes back by itself once the app does.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [onedoor, port] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "onedoor-reload-"));
const app = (then) => `import http.server, os
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><p>it is back</p>"
        self.send_response(200); self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
${then}
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
`;
const save = (text) => writeFile(join(folder, "app.py"), text);
await save(app('raise SystemExit("a slip of the pen")'));
await writeFile(join(folder, "onedoor.toml"), '[apps]\nshop = { run = "python3 app.py", path = "/shop", strip = true }\n');
const door = spawn(onedoor, ["dev", "--port", port], { cwd: folder, stdio: "ignore" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
let failed = 1;
try {
  const page = await browser.newPage();
  const url = `http://localhost:${port}/shop/`;
  let answer;
  for (let i = 0; i < 100 && !answer; i++) {
    answer = await page.goto(url).catch(() => new Promise((done) => setTimeout(done, 100)));
  }
  if (answer.status() < 500) throw new Error(`the app is said to fail, and answers ${answer.status()}`);
  await page.getByText("a slip of the pen").first().waitFor({ timeout: 20_000 });
  await save(app(""));
  await page.getByText("it is back").waitFor({ timeout: 20_000 });
  console.log("ok   reload     the page of a failed app came back by itself");
  failed = 0;
} catch (error) {
  console.log(`FAIL reload     ${error.message.split("\n")[0]}`);
}
await browser.close();
const ended = new Promise((done) => door.once("exit", done));
door.kill();
await ended;
await rm(folder, { recursive: true });
process.exit(failed);
