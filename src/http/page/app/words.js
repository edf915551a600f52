/** What the page says, in Russian and in English, and how refusals are told. */

/** @import { Problem } from "./api.js" */
/** @typedef {"ru" | "en"} Language */

const KEY = "invited.language";

const english = {
  language: "English",
  loading: "Loading…",
  retry: "Try again",
  offline: "No connection. This page will go on by itself as soon as there is one.",
  online: "The connection is back.",
  // Logging in.
  logIn: "Log in",
  logInLead: "Enter your phone number, and we will send you a code. If you are new here, this creates your account.",
  phone: "Phone number",
  sendCode: "Get a code",
  invitedTitle: "You were invited",
  invites: " invites you",
  invitedLead: (/** @type {string} */ code) => `The code ${code} is filled in for you when you log in.`,
  invitedForget: "Do not use it",
  codeTitle: "Enter the code",
  codeLead: (/** @type {string} */ phone) => `It was sent to ${phone}.`,
  codeLabel: (/** @type {number} */ length) => `Code, ${length} digits`,
  confirm: "Confirm",
  otherPhone: "Wrong number?",
  resend: "Send it again",
  resendIn: (/** @type {number} */ seconds) => `Send it again in ${span(seconds)}`,
  resendNow: "You can have the code sent again.",
  resent: "The code was sent again.",
  attemptsLeft: (/** @type {number} */ left) => `The code is wrong. ${left} ${left === 1 ? "attempt" : "attempts"} left.`,
  noAttempts: "The code is wrong, and that was the last attempt. Get a new code.",
  message: "The SMS, shown here because the server runs on this computer",
  // Home.
  hello: (/** @type {string} */ name) => `Hello, ${name}`,
  logOut: "Log out",
  ended: "You were logged out. Log in again.",
  welcome: "Welcome! Your account is ready.",
  invite: "Invite friends",
  inviteLead: "Share the link or the code. Everybody who joins with it appears below.",
  yourCode: "Your invitation code",
  copyCode: "Copy code",
  copyLink: "Copy link",
  share: "Share",
  shareText: (/** @type {string} */ name) => `Join me on ${name}`,
  copied: "Copied.",
  qr: "QR code of your invitation link",
  invitees: "People you invited",
  inviteesNone: "Nobody yet. People appear here as they join.",
  inviteesMore: (/** @type {number} */ rest) => `Show more (${rest})`,
  inviteeNew: (/** @type {string} */ phone) => `${phone} accepted your invitation.`,
  inviteesNew: (/** @type {number} */ count) => `${count} people accepted your invitation.`,
  invitedBy: "Who invited you",
  wasInvitedBy: (/** @type {string} */ phone) => `You were invited by ${phone}.`,
  enterLead: "Were you invited? Enter the code of the person who invited you. It cannot be changed later.",
  enterCode: "Invitation code",
  enter: "Enter",
  entered: (/** @type {string} */ phone) => `Done: you were invited by ${phone}.`,
  notEntered: (/** @type {string} */ why) => `You are logged in, but the invitation was not accepted. ${why}`,
  // Account.
  profile: "Profile",
  firstName: "First name",
  lastName: "Last name",
  email: "E-mail",
  save: "Save",
  saved: "Saved.",
  unchanged: "Nothing was changed.",
  changePhone: "Change number",
  newPhone: "New phone number",
  phoneChanged: "Your number was changed.",
  freshLead: "For your safety, first log in again with a code.",
  freshLogIn: "Log in again",
  cancel: "Cancel",
  sessions: "Where you are logged in",
  current: "this device",
  used: (/** @type {string} */ time) => `active ${time}`,
  end: "End",
  endLabel: (/** @type {string} */ name) => `End the session: ${name}`,
  sessionEnded: "The session was ended.",
  devices: "Known devices",
  devicesLead: "You can log in on these even while somebody else enters wrong codes.",
  logOutAll: "Log out everywhere",
  unknownClient: "Unknown app",
  remove: "Delete account",
  removeLead: "Your profile, your code and the list of your invitees are deleted for ever. The people you invited keep their accounts.",
  removeAsk: "Delete the account for ever?",
  removeLast: "This cannot be undone: logging in with this number later creates a new account with another code.",
  removeNow: "Delete for ever",
  removed: "Your account was deleted.",
};

/** @type {typeof english} */
const russian = {
  language: "Русский",
  loading: "Загрузка…",
  retry: "Повторить",
  offline: "Нет соединения. Страница продолжит сама, как только оно появится.",
  online: "Соединение восстановлено.",
  logIn: "Вход",
  logInLead: "Введите номер телефона — мы пришлём код. Если вы здесь впервые, появится новый аккаунт.",
  phone: "Номер телефона",
  sendCode: "Получить код",
  invitedTitle: "Вас пригласили",
  invites: " приглашает вас",
  invitedLead: (code) => `Код ${code} подставится сам при входе.`,
  invitedForget: "Не использовать",
  codeTitle: "Введите код",
  codeLead: (phone) => `Мы отправили его на ${phone}.`,
  codeLabel: (length) => `Код из ${length} цифр`,
  confirm: "Подтвердить",
  otherPhone: "Другой номер",
  resend: "Отправить ещё раз",
  resendIn: (seconds) => `Ещё раз через ${span(seconds)}`,
  resendNow: "Можно отправить код ещё раз.",
  resent: "Код отправлен ещё раз.",
  attemptsLeft: (left) => `Код неверный. Осталось попыток: ${left}.`,
  noAttempts: "Код неверный, попыток больше нет. Запросите новый код.",
  message: "СМС показана здесь, потому что сервер работает на этом компьютере",
  hello: (name) => `Здравствуйте, ${name}`,
  logOut: "Выйти",
  ended: "Сеанс завершён. Войдите снова.",
  welcome: "Добро пожаловать! Аккаунт создан.",
  invite: "Пригласите друзей",
  inviteLead: "Поделитесь ссылкой или кодом. Все, кто войдёт по ним, появятся ниже.",
  yourCode: "Ваш код приглашения",
  copyCode: "Копировать код",
  copyLink: "Копировать ссылку",
  share: "Поделиться",
  shareText: (name) => `Присоединяйтесь: ${name}`,
  copied: "Скопировано.",
  qr: "QR-код ссылки-приглашения",
  invitees: "Кого вы пригласили",
  inviteesNone: "Пока никого. Люди появятся здесь, как только войдут.",
  inviteesMore: (rest) => `Показать ещё (${rest})`,
  inviteeNew: (phone) => `Ваше приглашение принято: ${phone}.`,
  inviteesNew: (count) => `Ваше приглашение приняли: ${count}.`,
  invitedBy: "Кто вас пригласил",
  wasInvitedBy: (phone) => `Вас пригласили с номера ${phone}.`,
  enterLead: "Вас пригласили? Введите код того, кто это сделал. Изменить его потом нельзя.",
  enterCode: "Код приглашения",
  enter: "Ввести",
  entered: (phone) => `Готово: вас пригласили с номера ${phone}.`,
  notEntered: (why) => `Вы вошли, но приглашение не принято. ${why}`,
  profile: "Профиль",
  firstName: "Имя",
  lastName: "Фамилия",
  email: "Электронная почта",
  save: "Сохранить",
  saved: "Сохранено.",
  unchanged: "Ничего не изменилось.",
  changePhone: "Сменить номер",
  newPhone: "Новый номер телефона",
  phoneChanged: "Номер изменён.",
  freshLead: "Для безопасности сначала войдите по коду ещё раз.",
  freshLogIn: "Войти ещё раз",
  cancel: "Отмена",
  sessions: "Где выполнен вход",
  current: "это устройство",
  used: (time) => `активность: ${time}`,
  end: "Завершить",
  endLabel: (name) => `Завершить сеанс: ${name}`,
  sessionEnded: "Сеанс завершён.",
  devices: "Известные устройства",
  devicesLead: "С них вы войдёте, даже если кто-то другой вводит неверные коды.",
  logOutAll: "Выйти везде",
  unknownClient: "Неизвестное приложение",
  remove: "Удалить аккаунт",
  removeLead: "Профиль, код и список приглашённых исчезнут навсегда. Приглашённые сохранят свои аккаунты.",
  removeAsk: "Удалить аккаунт навсегда?",
  removeLast: "Отменить это нельзя: при следующем входе с этим номером появится новый аккаунт с другим кодом.",
  removeNow: "Удалить навсегда",
  removed: "Аккаунт удалён.",
};

/**
 * Refusals by their code: what happened, and what to do. Those that nobody
 * can do anything about share a sentence.
 *
 * @type {Record<string, [english: string, russian: string]>}
 */
const refusals = {
  phone_invalid: ["This is not a phone number. Check it for a typo.", "Это не номер телефона. Проверьте, нет ли опечатки."],
  phone_not_allowed: ["We do not send codes to numbers like this one.", "На такие номера мы не отправляем коды."],
  phone_taken: ["This number belongs to another account. Log in with it instead.", "Этот номер принадлежит другому аккаунту. Войдите по нему."],
  sms_rate_limited: ["Too many codes were asked for. Use the last one, or try again", "Слишком много запросов кода. Введите последний код или попробуйте"],
  rate_limited: ["Too many attempts. Try again", "Слишком много попыток. Попробуйте"],
  too_many_attempts: ["Too many wrong codes. Get a new one and try again", "Слишком много неверных кодов. Запросите новый и попробуйте"],
  sms_unavailable: ["The code cannot be sent at the moment. Try again", "Сейчас код отправить не удаётся. Попробуйте"],
  sms_budget_exhausted: ["No more codes are sent for now. Try again", "Коды временно не отправляются. Попробуйте"],
  sms_code_invalid: ["The code is wrong.", "Код неверный."],
  sms_token_expired: ["The code has expired. Get a new one.", "Код устарел. Запросите новый."],
  sms_token_used: ["This code was used before. Get a new one.", "Этот код уже использован. Запросите новый."],
  sms_token_invalid: ["This code is not good any more. Get a new one.", "Этот код больше не действует. Запросите новый."],
  sms_token_missing: ["This code is not good any more. Get a new one.", "Этот код больше не действует. Запросите новый."],
  user_banned: ["This account is blocked. Contact the support of the service.", "Этот аккаунт заблокирован. Обратитесь в поддержку сервиса."],
  fresh_login_required: [english.freshLead, russian.freshLead],
  unauthenticated: [english.ended, russian.ended],
  token_invalid: [english.ended, russian.ended],
  token_expired: [english.ended, russian.ended],
  refresh_reused: [
    "You were logged out for your safety: a copy of this session was in use. Log in again.",
    "Сеанс завершён для вашей безопасности: кто-то использовал его копию. Войдите снова.",
  ],
  invitation_not_found: ["Nobody has this code. Check it for a typo.", "Такого кода ни у кого нет. Проверьте, нет ли опечатки."],
  invitation_self: ["This is your own code. Enter somebody else's.", "Это ваш собственный код. Нужен код другого человека."],
  invitation_already_set: ["You have entered a code before. It cannot be changed.", "Вы уже вводили код. Изменить его нельзя."],
  invitation_cycle: ["You have invited this person yourself, so they cannot have invited you.", "Этого человека пригласили вы сами, поэтому он не может пригласить вас."],
  not_found: ["This is not there any more.", "Этого больше нет."],
  request_timeout: ["The connection is too slow. Try again.", "Соединение слишком медленное. Попробуйте ещё раз."],
  internal: ["Something went wrong on our side. Try again later.", "Что-то пошло не так на нашей стороне. Попробуйте позже."],
  unavailable: ["The service cannot be reached. Try again later.", "Сервис недоступен. Попробуйте позже."],
  validation_failed: ["Check what you entered.", "Проверьте введённое."],
  storage_unavailable: ["The service is unavailable at the moment. Nothing was changed. Try again", "Сервис временно недоступен, ничего не изменилось. Попробуйте"],
  overloaded: ["The service is busy. Nothing was changed. Try again", "Сервис перегружен, ничего не изменилось. Попробуйте"],
};

/** What is wrong with a member, in place of the API's words, which are English. */
const fieldsInRussian = /** @type {Record<string, string>} */ ({
  "#/first_name": "Не больше 150 символов, без невидимых и управляющих.",
  "#/last_name": "Не больше 150 символов, без невидимых и управляющих.",
  "#/email": "Это не похоже на адрес электронной почты.",
  "#/invitation_code": "В коде шесть букв и цифр.",
  "#/sms_code": "Код состоит из цифр.",
});

/** @type {Language} */
let chosen = first();

/** What this person reads: what was chosen before, or else what the browser says. */
function first() {
  const known = [localStorage.getItem(KEY) ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return known.find((tag) => tag === "ru" || tag === "en") === "ru" ? "ru" : "en";
}

export function language() {
  return chosen;
}

/** @param {Language} next */
export function choose(next) {
  chosen = next;
  localStorage.setItem(KEY, next);
}

/** The words of the language in use. */
export function words() {
  return chosen === "ru" ? russian : english;
}

/** @param {Language} which */
export function nameOf(which) {
  return which === "ru" ? russian.language : english.language;
}

/** A refusal in our own words, or else in those of the API. @param {Problem} problem */
export function explain(problem) {
  const left = problem.attemptsLeft;
  if (left !== undefined) return left > 0 ? words().attemptsLeft(left) : words().noAttempts;
  const sentence = refusals[problem.code]?.[chosen === "ru" ? 1 : 0];
  if (!sentence) return problem.message;
  if (/[.]$/.test(sentence)) return sentence;
  return `${sentence} ${chosen === "ru" ? "через" : "in"} ${span(problem.retryAfter ?? 1)}.`;
}

/**
 * What is wrong with one member, in a few words.
 *
 * @param {{ pointer: string, detail: string }} error
 */
export function explainField(error) {
  const detail = chosen === "ru" ? fieldsInRussian[error.pointer] : undefined;
  return detail ?? `${error.detail.charAt(0).toUpperCase()}${error.detail.slice(1)}.`;
}

/** A time to wait, in one unit. @param {number} seconds */
export function span(seconds) {
  /** @type {[number, string]} */
  const [size, unit] = seconds <= 90 ? [1, "second"] : seconds <= 5400 ? [60, "minute"] : seconds <= 129_600 ? [3600, "hour"] : [86_400, "day"];
  const count = Math.ceil(seconds / size);
  return new Intl.NumberFormat(chosen, { style: "unit", unit, unitDisplay: size === 1 ? "short" : "long" }).format(count);
}

/**
 * A moment, as people say it.
 *
 * @param {string} instant RFC 3339.
 */
export function moment(instant) {
  const format = new Intl.DateTimeFormat(chosen, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(instant));
}
