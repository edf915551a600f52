// One call of a published client, at a stub: says on its last line what it made of the answer.
const { SmsAero } = require("smsaero");
const { SMSRu } = require("node-sms-ru");

const [port, call, key, number, text] = process.argv.slice(2);

const aero = new SmsAero("me@example.com", key, "SMS Aero", [`@127.0.0.1:${port}/v2/`]);
aero.proto = "http";
const ru = new SMSRu(key);
ru._params.baseUrl = `http://127.0.0.1:${port}/`;

const calls = {
  "aero-send": () => aero.send(number, text, null, "https://login.example.com/"),
  "aero-balance": () => aero.balance(),
  "ru-send": () => ru.sendSms({ to: number, msg: text, from: "invited" }),
  "ru-call": () => ru.codeCall({ to: number }),
  "ru-balance": () => ru.getBalance(),
};
calls[call]()
  .catch((error) => ({ refused: error.message }))
  .then((answer) => console.log(JSON.stringify(answer)));
