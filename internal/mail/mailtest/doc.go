// Package mailtest is a real SMTP server for tests, on a loopback port, with STARTTLS or implicit TLS, AUTH, and failures on
// request. It hides the wire and MIME: a test reads what arrived as decoded text and HTML.
//
// The recipient's local part asks for a failure:
//
//	tempfail-2@…   RCPT is answered 451 twice, then the address works
//	perm@…         RCPT is answered 550
//	hang@…         RCPT is never answered
//	drop@…         the connection breaks after DATA, before the message is taken
//	drop250@…      the message is taken and kept, but the connection breaks before the answer
//
// "-N" may follow each of them and bounds how often it happens, counted per address; without it, it happens each time. "+tag" at
// the end tells several such addresses apart: tempfail-1+ana@school.example. Counts survive Close and Reopen.
package mailtest
