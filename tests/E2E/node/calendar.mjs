// Reads an iCalendar file with a library by other people, and prints its one event (JSON).
// node calendar.mjs FILE
import { readFile } from "node:fs/promises";
import ICAL from "ical.js";

ICAL.design.strict = true;
const calendar = new ICAL.Component(ICAL.parse(await readFile(process.argv[2], "utf8")));
const events = calendar.getAllSubcomponents("vevent");
const event = new ICAL.Event(events[0]);
const alarms = events[0].getAllSubcomponents("valarm");
console.log(
  JSON.stringify({
    events: events.length,
    version: calendar.getFirstPropertyValue("version"),
    uid: event.uid,
    summary: event.summary,
    location: event.location,
    sequence: event.sequence,
    status: events[0].getFirstPropertyValue("status"),
    stamp: events[0].getFirstPropertyValue("dtstamp").toJSDate(),
    start: event.startDate.toJSDate(),
    end: event.endDate.toJSDate(),
    alarms: alarms.map((alarm) => alarm.getFirstPropertyValue("trigger").toSeconds()),
  }),
);
