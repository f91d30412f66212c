// form[data-summary="url"] is sent there while one types, and what comes back stands in its [data-summary-here].
for (const form of document.querySelectorAll("form[data-summary]")) {
  const here = form.querySelector("[data-summary-here]");
  let timer, asking;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(form.dataset.summary, { method: "POST", body: new FormData(form), signal: asking.signal });
      if (answer.ok && !answer.redirected) here.innerHTML = await answer.text();
    } catch (error) {
      // Out of reach, the sentence stays as it was and the button below still asks.
      if (error.name !== "AbortError") form.querySelector("[data-summary-button]").hidden = false;
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  });
  form.querySelector("[data-summary-button]").hidden = true;
}
