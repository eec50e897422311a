// The other language shows the same page, not its first one. Without scripts the links lead to the first page.
(function () {
    "use strict";
    var here = document.documentElement.lang === "ja" ? "ja" : "en";
    document.querySelectorAll("a[data-book]").forEach(function (link) {
        if (link.dataset.book === here) {
            link.setAttribute("aria-current", "true");
            link.removeAttribute("href");
            return;
        }
        var base = new URL(link.getAttribute("href").replace(link.dataset.book + "/index.html", here + "/"), location.href);
        var page = location.href.split("#")[0].slice(base.href.length) || "index.html";
        if (location.href.indexOf(base.href) === 0) {
            link.href = base.href.replace(/[^/]+\/$/, link.dataset.book + "/") + page + location.hash;
        }
    });
})();
