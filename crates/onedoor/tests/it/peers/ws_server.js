// The same echo as ws_server.py, by npm's ws.
const { WebSocketServer } = require("ws");

let last = "none";
const server = new WebSocketServer({ host: "127.0.0.1", port: +process.env.PORT, maxPayload: 0, backlog: 1024 });
server.on("connection", (ws) => {
  ws.on("message", (data, isBinary) => {
    const words = isBinary ? [] : data.toString().split(" ");
    if (words[0] === "close") ws.close(+words[1], words[2]);
    else if (words.join(" ") === "last close") ws.send(last);
    else ws.send(data, { binary: isBinary });
  });
  ws.on("close", (code, reason) => {
    if (code >= 4000) last = `${code} ${reason}`;
  });
  ws.on("error", () => {});
});
