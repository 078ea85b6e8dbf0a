package family

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/mail"
)

// write words the letter. Names and usernames come from outside: they pass through mail.Plain in sentences and lists, mail.Exact on value
// lines. Nothing that opens anything, and no ID Number or reference, is ever part of an address in it.
func (f *Family) write(l letter) mail.Message {
	in := f.catalog.Language(l.language)
	args := f.mailArgs(in, l)
	key := "mail." + l.Template + "."
	parts := []string{f.greeting(in, l), in.T(key+"body", args...), "# " + in.T("mail.not_you_title"), in.T(key+"not_you", args...)}
	if to, ok := mailHelp[l.Template]; ok {
		parts = append(parts, in.T("mail.help", "Help", f.baseURL+to))
	}
	parts = append(parts, in.T("mail.answers", args...))
	m := mail.Message{
		ID: messageID(l.id), To: l.address, ToName: fullName(l.first, l.last), Language: in.Tag(), Subject: in.T(key+"subject", args...),
		Body: strings.Join(parts, "\n\n"),
	}
	if l.Template == mailNameDiffers {
		m.ToName = ""
	}
	return m
}

// greeting names the person: two may share a mailbox. Where the name typed differs, the recorded first name is not shown.
func (f *Family) greeting(in *lang.Language, l letter) string {
	if l.Template == mailNameDiffers {
		return in.T("mail.name_differs.greeting", "Last", mail.Plain(l.last))
	}
	return in.T("mail.greeting", "Name", mail.Plain(fullName(l.first, l.last)))
}

// mailArgs are the placeholders that every mail may use.
func (f *Family) mailArgs(in *lang.Language, l letter) []any {
	district, zone := f.settings.Values().DistrictName, f.settings.Location()
	portal, home := in.T("mail.portal.parent"), f.baseURL+"/parent/"
	forgotten := in.T("mail.part.forgotten", "Forgot", home+"forgot")
	if l.kind == access.Staff {
		portal, home, forgotten = in.T("mail.portal.staff"), f.baseURL+"/admin/", ""
	}
	renamed := ""
	if l.Data[dataRenamed] != "" {
		renamed = in.T("mail.part.renamed")
	}
	return append(staffArgs(in, l), append([]any{
		"Name", mail.Plain(fullName(l.first, l.last)), "District", mail.Plain(district), "Office", f.office(in), "Portal", portal,
		"SignIn", home + "login", "Forgot", home + "forgot", "Forgotten", forgotten, "Renamed", renamed,
		"Username", mail.Exact(l.username), "Login", mail.Plain(l.username), "Password", l.password, "Until", in.DateTime(l.until, zone), "When", in.DateTime(l.at, zone),
		"Children", mail.Plain(in.List(l.children)), "ChildrenList", list(l.children), "Stay", titled(in.T("mail.part.stay"), l.stay),
		"Logins", titled(in.T("mail.part.logins"), l.Logins),
	}, newcomerArgs(in, l)...)...)
}

// office says whom to call, as part of a sentence.
func (f *Family) office(in *lang.Language) string {
	v := f.settings.Values()
	switch {
	case v.OfficePhone == "":
		return in.T("mail.office.plain")
	case v.OfficeHours == "":
		return in.T("mail.office.phone", "Phone", mail.Plain(v.OfficePhone))
	}
	return in.T("mail.office.hours", "Phone", mail.Plain(v.OfficePhone), "Hours", mail.Plain(v.OfficeHours))
}

// titled is a list under its title, "" for an empty one.
func titled(title string, items []string) string {
	if len(items) == 0 {
		return ""
	}
	return title + "\n\n" + list(items)
}

func list(items []string) string {
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = "- " + mail.Plain(item)
	}
	return strings.Join(lines, "\n")
}
