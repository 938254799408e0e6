// Runs before the first paint: the stored theme, else what the system prefers.
(function () {
  var theme = null;
  try {
    theme = localStorage.getItem("kubehop.theme");
  } catch {
    // Storage may be blocked: the system's preference will do.
  }
  if (theme !== "light" && theme !== "dark")
    theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.setAttribute("data-theme", theme);
})();
