// [data-progress] is read anew every few seconds, as long as the page is looked at; once it is done, the whole page is.
const SECONDS = 3;
const here = document.querySelector("[data-progress]");

const look = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-progress]");
    if (!found) location.reload();
    else if (found.innerHTML !== here.innerHTML) here.innerHTML = found.innerHTML;
  } catch {
    // Out of reach, what stands there stays, and the link beside it still looks again.
  }
};

if (here) setInterval(look, SECONDS * 1000);
