// Express with its routes below the prefix it is told: a router, static files, a cookie, a redirect.
const express = require("express");

const prefix = process.env.PREFIX ?? "";
const router = express.Router();
router.use(express.static(`${__dirname}/public`));
router.get("/login", (request, response) => {
  response.cookie("seen", "1", { path: `${prefix}/` });
  response.redirect(`${prefix}/`);
});
router.get("/cookie", (request, response) => response.json({ cookie: request.headers.cookie ?? "" }));

const app = express();
app.use(prefix || "/", router);
app.listen(process.env.PORT, process.env.HOST);
