// An SMPP message centre: says on its output what it is given, and reports it delivered.
const smpp = require("smpp");

let taken = 0;
const centre = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => session.send(pdu.response({ system_id: "centre" })));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => session.send(pdu.response()));
  session.on("submit_sm", (pdu) => {
    const id = `m${++taken}`;
    const text = pdu.short_message.message;
    console.log(JSON.stringify({ to: pdu.destination_addr, validity: pdu.validity_period, text }));
    session.send(pdu.response({ message_id: id }));
    const report = () =>
      session.deliver_sm({
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: 4,
        receipted_message_id: id,
        message_state: 2,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:`,
      });
    setTimeout(report, 300);
  });
});
centre.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
