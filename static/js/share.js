// [data-share="https://…"] opens the device's own share sheet; where there is none the button stays hidden.
if (navigator.share) {
  for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { share: url, shareTitle: title, shareText: text } = button.dataset;
      try {
        await navigator.share({ url, title, text });
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    });
  }
}
