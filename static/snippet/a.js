// Keeps the visit that a friend's link brought, in a cookie of this site and nowhere else. How to use it: docs/snippet.md
(function () {
  "use strict";
  var NAME = "_adv", MOST = 5, TOKEN = /^[\w-]{20,200}$/;
  var script = document.currentScript;
  var option = function (name) { return (script && script.getAttribute("data-" + name)) || ""; };
  var domain = option("domain");
  // What browsers call Global Privacy Control stands above a yes that a banner collected.
  var may = option("consent") !== "wait", never = navigator.globalPrivacyControl === true;

  function read() {
    if (never) return [];
    var found = ("; " + document.cookie).split("; " + NAME + "=")[1] || "";
    return found.split(";")[0].split(".").filter(function (text) { return TOKEN.test(text); });
  }

  // The first visit stays, and the latest ones after it.
  function merge(known, more) {
    more.forEach(function (token) {
      if (known.indexOf(token) < 0) known = known.concat(token);
      if (known.length > MOST) known = known.slice(0, 1).concat(known.slice(1 - MOST));
    });
    return known;
  }

  function keep() {
    if (!may || never || !arrived.length) return;
    document.cookie = NAME + "=" + merge(read(), arrived).join(".") + "; Path=/; Max-Age=34560000; SameSite=Lax" +
      (location.protocol === "https:" ? "; Secure" : "") + (domain ? "; Domain=" + domain : "");
  }

  function tokens() { return merge(read(), arrived); }

  function fill() {
    var fields = document.querySelectorAll("input[data-advocacy-tokens]");
    for (var i = 0; i < fields.length; i++) fields[i].value = tokens().join(".");
  }

  // A copied address must not carry one visitor's token to the next, so it leaves the address bar.
  function arrive() {
    var found = [], kept = [];
    location.search.slice(1).split("&").forEach(function (pair) {
      if (pair.slice(0, 4) !== "adv=") { if (pair) kept.push(pair); return; }
      if (TOKEN.test(pair.slice(4))) found.push(pair.slice(4));
    });
    try {
      if (/[?&]adv=/.test(location.search)) {
        history.replaceState(history.state, "", location.pathname + (kept.length ? "?" + kept.join("&") : "") + location.hash);
      }
    } catch (refused) { /* A page that may not change its address keeps the token there, which harms nobody. */ }
    return found;
  }

  var arrived = merge([], arrive());
  keep();
  fill();
  document.addEventListener("DOMContentLoaded", fill);
  // Forms that a script adds later are filled when they are sent.
  document.addEventListener("submit", fill, true);
  window.advocacy = { tokens: tokens, consent: function () { may = true; keep(); fill(); } };
})();
