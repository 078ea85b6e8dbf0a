package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

const mailPage = "/admin/site/mail"

func TestAMailServerDownFromEightToNineIsSaidAndLosesNothing(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		server := mailtest.Start(t)
		a := apptest.Open(t, url, func(c *app.Config) {
			m := mailConfig(t, server)
			m.From = "school@example.org"
			smtp, err := mail.NewSMTP(*m)
			if err != nil {
				t.Fatal(err)
			}
			c.Mail = smtp
		})
		server.Close()
		staff := a.Staff(t)
		for _, id := range []int64{a.Maria.ID, a.Wei.ID, a.Jorge.ID} {
			staff.Post(parentsPath, map[string][]string{"act": {"send_password"}, "contact": {fmt.Sprint(id)}}).Want(http.StatusOK)
			a.Clock.Advance(time.Second)
		}
		for range 60 {
			a.Drain()
			a.Clock.Advance(time.Minute)
		}
		staff = a.Staff(t).Get(mailPage).See("The mail server is out of reach since", "Waiting (4)", "Mails of today: 0.").NotSee("Refused or given up (1)")

		staff.Press("Send").Want(http.StatusOK).See("Waiting for its turn.", "out of reach")
		server.Reopen()
		a.Drain()
		staff.Follow("Refresh").See("Handed to the mail server.")
		var order []string
		for _, m := range server.Messages() {
			order = append(order, m.Addresses("To")[0].Address)
		}
		if len(order) != 5 || strings.Join(order[1:4], " ") != apptest.MariaEmail+" "+apptest.WeiEmail+" "+apptest.JorgeEmail || order[0] != order[4] {
			t.Errorf("handed over %v", order)
		}
		staff.Get(mailPage).See("Handed to the mail server (5)").NotSee("out of reach")
	})
}

func TestStaffStopResumeAndRepeatMailOnItsPage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t).Get(mailPage).Press("Stop all mail").See("All mail is stopped.", "office stopped all mail")
		staff.Post(parentsPath, map[string][]string{"act": {"send_password"}, "contact": {fmt.Sprint(a.Maria.ID)}}).Want(http.StatusOK)
		a.Drain()
		staff.Get(mailPage).See("Waiting (1)").Press("Resume mail").See("Mail leaves again.")
		a.Inbox.Fail(&mail.Refused{Code: 550, Text: "no such user here", Permanent: true})
		a.Drain()
		a.Inbox.Fail(nil)
		staff.Get(mailPage+"?state=failed&template=made").See("Temporary password", "no such user here")
		staff.Get(mailPage+"?state=failed").Follow("Maria Lopez").See("Mails to Maria Lopez", "no such user here")
		staff.Press("Send again: Temporary password from the office · today 10:00").See("its temporary password is gone")
		staff.Get(mailPage + "/test/999").Want(http.StatusNotFound)
		staff.Get(mailPage).Fill("Address", "nobody@example.org").Press("Send").Want(http.StatusUnprocessableEntity).See("This is no address of a member of staff.")
		staff.Get(mailPage + "?state=nonsense").Want(http.StatusBadRequest)

		limited := a.Staff(t)
		limited.Get("/admin/site/settings").Fill("Mails a day, all together", "500").Press("Save").Want(http.StatusOK).See("Saved")
		staff.Get(mailPage).See("Mails of today: 1 of 500.")
		a.Clock.Advance(6 * time.Minute)
		limited.Get("/admin/site/settings").Fill("Mails a day, all together", "400").Press("Save").See("Password")
		if n := a.Settings.Values().MailsADay; n != 500 {
			t.Errorf("%d mails a day without a proof", n)
		}
	})
}
