// Package mail hands one written message to the outside world. It hides SMTP, TLS, authentication, MIME and the two shapes
// (plain text and HTML) in which people read mail; it knows nothing of schools, accounts or queues.
//
// A [Message] is addressed and worded by its caller in a small plain markup (see [HTML]); a [Sender] delivers it: [SMTP] to a
// mail server, [Capture] to memory for the demo's mailbox page and for tests.
//
// Invariants:
//
//   - One Send is one attempt. It ends within the time limit of its configuration or as soon as its context is done, whatever
//     the server does or leaves undone; retrying is the caller's affair.
//   - A nil error means that the server has taken responsibility for the message (RFC 5321, 4.2.5). Every other outcome is an
//     error, and only those for which [Permanent] is true can never succeed. If the connection breaks between the end of the
//     message and the server's answer, the message may have been taken: the Message-ID depends on [Message.ID] and the sender
//     alone, so that a second copy can be known as one.
//   - No value can add a header, a recipient or a part: addresses with control characters are refused, header texts are
//     cleaned and encoded, bodies are transfer-encoded and escaped. What people typed passes through [Plain] or [Exact] before it
//     enters a body; then it cannot become a list, a heading, a value line, a paragraph or a link.
//   - A password leaves over verified TLS or to a loopback address, never otherwise.
//   - Nothing is logged here. The server's words ([Refused].Text) often hold the address: they are for staff, not for logs.
package mail
