// What an answer brings is put where the next call needs it, so that the whole
// story can be clicked through: the sms-token of a login goes into the header
// of its confirmation, the access token into "Authorize", the refresh token
// into the next exchange, a device token into the next login with its phone,
// the invitation code of somebody else into the call that enters it.
//
// All of it is kept in this tab (sessionStorage), so that a reload loses
// nothing, and is gone when the tab is closed.
const base = new URL("..", document.currentScript.src);
const KEY = `invited ${base.pathname}`;
const CONFIRM = "/login/sms-confirm/";
const CONFIRM_PHONE = "/profile/phone/confirm/";

// phoneOf: by sms-token; devices: device tokens by phone; codes: [phone, invitation code], the last seen at the end.
const kept = { phoneOf: {}, devices: {}, codes: [], ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
// Whose phone a call under way is about, by its path.
const asked = {};

const digits = (phone) => phone.replace(/\D/g, "").replace(/^8?(?=9\d{9}$)/, "7");
const json = (text) => {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // Not every body is JSON.
  }
};
// A path as the document has it.
const pathOf = (url) => {
  const path = new URL(url, base).pathname.slice(base.pathname.length - 1);
  return path.endsWith("/") ? path : `${path}/`;
};

const fillBody = (path, value) => {
  const pathMethod = [path, "post"];
  // Or else the example takes its place when the operation is opened.
  ui.oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod });
  ui.oas3Actions.setRequestBodyValue({ value: JSON.stringify(value, null, 2), pathMethod });
};

const fill = () => {
  if (kept.access) ui.preauthorizeApiKey("Bearer", kept.access);
  if (kept.sms) ui.specActions.changeParam([kept.confirmAt, "post"], "sms-token", "header", kept.sms, false);
  if (kept.session) ui.specActions.changeParam(["/profile/sessions/{id}/", "delete"], "id", "path", kept.session, false);
  if (kept.refresh) fillBody("/token/refresh/", { refresh: kept.refresh });
  const code = kept.codes.findLast(([phone]) => phone !== kept.phone)?.[1];
  if (code) fillBody("/profile/invitation/", { invitation_code: code });
};

const leave = () => {
  delete kept.access;
  delete kept.refresh;
  ui.authActions.logout(["Bearer"]);
};

const before = (request) => {
  const path = pathOf(request.url);
  const token = request.headers["sms-token"];
  if (path === "/login/") asked[path] = digits(String(json(request.body).phone ?? ""));
  if (path === CONFIRM) asked[path] = kept.phoneOf[token ?? json(request.body).sms_token];
  const device = kept.devices[asked[path]];
  if (device) request.headers["device-token"] ??= device;
  return request;
};

const after = (response) => {
  const path = pathOf(response.url);
  const body = json(response.text);
  if (body["sms-token"]) {
    kept.sms = body["sms-token"];
    kept.phoneOf[kept.sms] = asked[path];
    kept.confirmAt = path === "/login/" ? CONFIRM : CONFIRM_PHONE;
  }
  if (body.access) {
    kept.access = body.access;
    kept.refresh = body.refresh;
  }
  if (body.device_token) {
    kept.phone = asked[path];
    kept.devices[kept.phone] = body.device_token;
  }
  if (body.invitation_code) {
    kept.phone = body.phone;
    kept.codes = [...kept.codes.filter(([phone]) => phone !== body.phone), [body.phone, body.invitation_code]];
  }
  if (Array.isArray(body.sessions)) {
    kept.session = (body.sessions.find((session) => !session.current) ?? body.sessions[0])?.id;
  }
  if (response.status === 204 && ["/logout/", "/profile/"].includes(path)) leave();
  fill();
  sessionStorage.setItem(KEY, JSON.stringify(kept));
  return response;
};

let ui;
fetch(new URL("openapi.json", base))
  .then((answer) => answer.json())
  .then((spec) => {
    // Wherever else the API is reached, this page calls the server that it came from.
    spec.servers = [{ url: base.href.replace(/\/$/, "") }];
    ui = SwaggerUIBundle({
      dom_id: "#ui",
      spec,
      deepLinking: true,
      tryItOutEnabled: true,
      persistAuthorization: false,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      validatorUrl: null,
      requestInterceptor: before,
      responseInterceptor: after,
      onComplete: () => fill(),
    });
  });
