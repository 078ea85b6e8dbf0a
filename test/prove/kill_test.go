//go:build prove

package prove

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// How much is done while the programs are killed: every reset and every registration gives rise to one mail.
const (
	resets        = 500
	registrations = 500
	kills         = 100 // at least, of the server
	sendersAtOnce = 4   // mails that may be between the mail server's answer and its note when a process dies
)

// addresses makes the mail server fail once for most people, in all the ways there are.
var addresses = []string{"parent", "parent", "parent", "tempfail-1", "drop-1", "drop250-1", "parent", "tempfail-1"}

func address(i int) string {
	local := addresses[i%len(addresses)]
	if i%100 == 50 {
		local = "hang-1"
	}
	return fmt.Sprintf("%s+%d@example.org", local, i)
}

// killed is the installation whose processes are killed, with an app beside them that only looks.
type killed struct {
	*apptest.App
	t        *testing.T
	database string
	key      string
	mails    *mailtest.Server
}

func TestOPS1RST1EML2KilledAtAnyInstantNothingIsHalfDoneAndEveryMailLeaves(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		k := &killed{t: t, database: database, key: newKeyFile(t), mails: mailtest.Start(t)}
		k.App = apptest.Open(t, database, production(k.key))
		k.people()
		var work sync.WaitGroup
		var serverKills, resetKills atomic.Int64
		done := make(chan struct{})
		where := freeAddress(t)
		var starts []time.Duration
		work.Go(func() { starts = k.killServers(where, done, &serverKills) })
		var doing sync.WaitGroup
		doing.Go(func() { k.killResets(&resetKills) })
		doing.Go(func() { k.register("http://" + where) })
		doing.Wait()
		for serverKills.Load() < kills && !t.Failed() {
			time.Sleep(50 * time.Millisecond)
		}
		close(done)
		work.Wait()
		slices.Sort(starts)
		t.Logf("%d kills of the server, %d of the process that resets; ready again after %s (median), %s (longest)", serverKills.Load(), resetKills.Load(),
			starts[len(starts)/2].Round(time.Millisecond), starts[len(starts)-1].Round(time.Millisecond))
		if median := starts[len(starts)/2]; median >= time.Second {
			t.Errorf("OPS-1: ready after %s", median)
		}
		s := serve(t, database, k.key, where, "--smtp", k.mails.URL())
		k.settle(s)
		k.delivered(int(serverKills.Load()))
		out, err := exec.CommandContext(t.Context(), program(t), "doctor", "--database", database, "--key-file", k.key, "--smtp", k.mails.URL(), "--full").CombinedOutput()
		t.Logf("\n%s", out)
		if err != nil {
			t.Errorf("doctor: %v", err)
		}
	})
}

// people puts the families on record. The first ones have logins, sessions and student logins, and are reset; the others register.
func (k *killed) people() {
	k.t.Helper()
	hash, err := k.Accounts.Hash(k.t.Context(), "password", apptest.ParentPassword, 8, nil)
	k.must(err)
	for i := range resets + registrations {
		s := k.AddStudent(roster.Student{SchoolID: k.Oak.ID, IDNumber: fmt.Sprint(800000 + i), First: "Kim", Last: "Doe"})
		c, _ := k.AddContact(s, roster.Contact{First: "Sam", Last: "Doe", Email: address(i)}, roster.Line{Relationship: "parent"})
		if i >= resets {
			continue
		}
		name := fmt.Sprintf("reset%03d", i)
		var id int64
		k.must(k.DB.Write(k.t.Context(), func(tx *sqldb.Tx) (err error) {
			id, err = k.Accounts.Create(k.t.Context(), tx, account.NewAccount{Kind: access.Parent, Username: name, State: account.Active, Hash: hash})
			if err == nil {
				err = k.Family.Hold(k.t.Context(), tx, id, c.ID)
			}
			return err
		}))
		if i%3 == 0 {
			k.must(k.Family.CreateStudentLogin(k.t.Context(), access.Actor{Kind: access.Parent, AccountID: id}, s.ID, "kid"+name, apptest.StudentPassword))
		}
		if i%4 == 0 {
			_, err := k.Accounts.SignIn(k.t.Context(), account.Attempt{Kind: access.Parent, Username: name, Password: apptest.ParentPassword})
			k.must(err)
		}
	}
}

func (k *killed) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// killServers starts the server and kills it at a random instant, over and over.
func (k *killed) killServers(where string, done chan struct{}, killed *atomic.Int64) (starts []time.Duration) {
	for {
		select {
		case <-done:
			return starts
		default:
		}
		s := serve(k.t, k.database, k.key, where, "--smtp", k.mails.URL())
		starts = append(starts, s.ready)
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		s.kill()
		killed.Add(1)
		k.whole("the server")
		if k.t.Failed() {
			return starts
		}
	}
}

// killResets has another process reset the families, and kills it at a random instant, over and over until all are reset.
func (k *killed) killResets(killed *atomic.Int64) {
	self, err := os.Executable()
	k.must(err)
	for k.Count(leftToReset) > 0 && !k.t.Failed() {
		cmd := exec.CommandContext(k.t.Context(), self)
		cmd.Env = append(os.Environ(), "PROVE_RESET="+k.database, "PROVE_KEY="+k.key)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		k.must(err)
		k.must(cmd.Start())
		_, _ = out.Read(make([]byte, 1)) // it says when it begins
		time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
		_ = cmd.Process.Kill() // it may have come to its end
		_ = cmd.Wait()
		killed.Add(1)
		k.whole("the process that resets")
	}
}

// leftToReset counts the logins that are still to be reset.
const leftToReset = "select count(*) from account where kind = 'parent' and username like 'reset%'"

// whole holds the invariants against the database as a kill left it. In one statement: as many logins are gone as resets stand in the log and as
// notices stand in the queue.
func (k *killed) whole(who string) {
	broken, err := k.Broken(k.t.Context())
	if err != nil {
		k.t.Errorf("asking the invariants: %v", err)
	}
	for _, b := range broken {
		k.t.Errorf("after a kill of %s: %s %q", who, b.Name, b.Rows)
	}
	if n := k.Count(`select count(*) from (select (` + leftToReset + `) as there,
(select count(*) from audit_event where action = 'parent.reset' and outcome = 'whole') as logged,
(select count(*) from job where kind = 'mail' and payload like '{"template":"reset"%') as told) x
where there + logged <> ` + fmt.Sprint(resets) + ` or logged <> told`); n != 0 {
		k.t.Errorf("after a kill of %s: logins gone, resets logged and notices written are not as many", who)
	}
}

// register sends the form of each family that has no login until it is answered: whoever saw no answer presses the button again.
func (k *killed) register(base string) {
	var all sync.WaitGroup
	next := make(chan int)
	for range 4 {
		all.Go(func() {
			for i := range next {
				form := url.Values{"form_key": {fmt.Sprintf("form-key-number-%06d", i)}, "username": {fmt.Sprintf("new%06d", i)}, "id_number": {fmt.Sprint(800000 + i)},
					"first_name": {"Sam"}, "last_name": {"Doe"}}
				for !k.t.Failed() && !k.sent(base+"/parent/register", form) {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	for i := resets; i < resets+registrations; i++ {
		next <- i
		time.Sleep(40 * time.Millisecond)
	}
	close(next)
	all.Wait()
}

func (k *killed) sent(to string, form url.Values) bool {
	ctx, cancel := context.WithTimeout(k.t.Context(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	k.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusSeeOther
}

// settle lets the server run until nothing waits any more.
func (k *killed) settle(s *server) {
	deadline := time.Now().Add(5 * time.Minute)
	for k.Count("select count(*) from job where state = 'ready'") > 0 {
		if time.Now().After(deadline) {
			k.t.Fatalf("%d jobs still wait:\n%s", k.Count("select count(*) from job where state = 'ready'"), s.said)
		}
		time.Sleep(200 * time.Millisecond)
	}
	k.whole("all")
}

var jobOf = regexp.MustCompile(`job-(\d+)`)

// delivered holds what arrived against what was committed.
func (k *killed) delivered(killed int) {
	byJob := map[string][]mailtest.Received{}
	for _, m := range k.mails.Messages() {
		id := jobOf.FindString(m.MessageID())
		byJob[id] = append(byJob[id], m)
	}
	twice := 0
	for id, mails := range byJob {
		n := len(mails) - 1
		if strings.HasPrefix(mails[0].To[0], "drop250") {
			n-- // the server took it and did not say so: it must come again
		}
		twice += max(0, n)
		for _, m := range mails[1:] {
			if m.MessageID() != mails[0].MessageID() || m.Text != mails[0].Text || m.To[0] != mails[0].To[0] {
				k.t.Errorf("%s came twice and not the same", id)
			}
		}
	}
	if twice > killed*sendersAtOnce {
		k.t.Errorf("%d mails came twice by %d kills", twice, killed)
	}
	if n := k.Count("select count(*) from job where kind = 'mail' and state <> 'done'"); n != 0 {
		k.t.Errorf("%d mails were not handed over", n)
	}
	missing := 0
	for i := range resets + registrations {
		if len(k.mails.To(address(i))) == 0 {
			missing++
		}
	}
	if n := k.Count("select count(*) from account where username like 'new%'"); n != registrations || missing > 0 {
		k.t.Errorf("%d logins of %d registrations, %d people had no mail", n, registrations, missing)
	}
	k.t.Logf("%d mails, %d of them twice because of a kill", len(byJob), twice)
}

// TestMain makes the test's own program the process that resets.
func TestMain(m *testing.M) {
	if os.Getenv("PROVE_RESET") == "" {
		os.Exit(m.Run())
	}
	if err := resetAll(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// resetAll resets whatever logins are left, some at a time, until somebody kills it.
func resetAll(ctx context.Context) error {
	a, err := app.Open(ctx, app.Config{Database: os.Getenv("PROVE_RESET"), KeyFile: os.Getenv("PROVE_KEY"), Log: quiet(), HashParams: cheap, HashSlots: 1})
	if err != nil {
		return err
	}
	var lines []int64
	err = a.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		lines, err = sqldb.All(ctx, tx, scanID, `select l.id from account a join account_contact h on h.account_id = a.id
join student_contact l on l.contact_id = h.contact_id where a.kind = 'parent' and a.username like 'reset%' order by l.id`)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return resetInTurn(ctx, a, lines)
}
