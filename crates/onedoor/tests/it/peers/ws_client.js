// npm's ws as a client: messages of every size, a ping of its own, both closes. Any failure is an exception.
const WebSocket = require("ws");
const [port, path] = process.argv.slice(2);

const open = () =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { maxPayload: 0 });
    ws.once("open", () => resolve(ws));
    ws.once("error", reject);
  });
const next = (ws, event) => new Promise((resolve) => ws.once(event, (...words) => resolve(words)));
const check = (fine, what) => {
  if (!fine) throw new Error(what);
};

(async () => {
  const ws = await open();
  for (const size of [0, 1, 125, 126, 65535, 65536, 16 * 1024 * 1024]) {
    const sent = Buffer.alloc(size, size % 251);
    ws.send(sent);
    const [came] = await next(ws, "message");
    check(sent.equals(came), `message of ${size}`);
  }
  ws.ping("are you there");
  const [pong] = await next(ws, "pong");
  check(pong.toString() === "are you there", "pong");
  console.log("messages");
  ws.send("close 4001 bye");
  const [code, reason] = await next(ws, "close");
  check(code === 4001 && reason.toString() === "bye", `closed with ${code} ${reason}`);
  console.log("server closes");
  const other = await open();
  other.close(4002, "enough");
  await next(other, "close");
  const third = await open();
  third.send("last close");
  const [last] = await next(third, "message");
  check(last.toString() === "4002 enough", `the server saw ${last}`);
  third.close();
  console.log("client closes");
})();
