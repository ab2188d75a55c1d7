// An ordinary Node server. It listens where PORT says and knows nothing of the door in front of it.
const http = require("node:http");

http
  .createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" });
    response.end(`I'm Node!\r\n[${request.url}]\r\n`);
  })
  .listen(process.env.PORT);
