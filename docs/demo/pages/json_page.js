"use strict";

// Sends the form as a JSON document, and shows what comes back.
async function send(form) {
  const fields = new FormData(form);
  const count = Number(fields.get("count"));
  const order = { fruit: fields.get("fruit"), count: Number.isNaN(count) ? fields.get("count") : count };
  const body = JSON.stringify(order);
  document.getElementById("sent").textContent = "POST order " + body;
  const response = await fetch("order", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body,
  });
  const shown = JSON.stringify(await response.json(), null, 2);
  document.getElementById("answer").textContent = `${response.status} ${shown}`;
}

const form = document.getElementById("order");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(form);
});
send(form);
