Redoc.init(new URL("../openapi.json", document.currentScript.src).pathname, {}, document.getElementById("redoc"));
