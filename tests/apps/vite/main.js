import "./style.css";
import logo from "./logo.svg?no-inline";

document.querySelector("#app").innerHTML = `<img src="${logo}" alt=""><p>Vite below a prefix</p>`;
