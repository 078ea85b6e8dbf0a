package account

import (
	"bytes"
	"context"
	"encoding/base32"
	"strconv"
	"strings"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Codes of authenticator apps (RFC 6238), as every such app makes them: SHA-1, six digits, a new one every 30 seconds, and one step of tolerance to
// each side for clocks that are not quite right.
const (
	codeDigits  = otp.DigitsSix
	codePeriod  = 30 // seconds
	codeSkew    = 1  // steps
	secretBytes = 20 // as many as the hash has (RFC 4226 §4, R6)
)

// Enrolment is an authenticator about to be set up: the secret to type or to scan.
type Enrolment struct {
	Secret string // base32, in fours with blanks
	URI    string // otpauth://…, for the QR
}

// BeginAuthenticator makes a secret, in place of one that was never confirmed, and returns the one under way in this session until it is confirmed or
// older than stepLife. It returns fault.Stale unless the session is fresh or of the stage Enrol, fault.Conflict when there is an authenticator already,
// fault.Unauthenticated when the session has ended.
func (a *Accounts) BeginAuthenticator(ctx context.Context, s Session) (Enrolment, error) {
	if err := a.mayEnrol(s); err != nil {
		return Enrolment{}, err
	}
	fresh := random(secretBytes)
	sealed, err := seal(a.keys.authenticator, secretOf(s.AccountID), fresh)
	if err != nil {
		return Enrolment{}, err
	}
	var account Account
	var pending []byte
	err = a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if account, err = a.current(ctx, tx, s); err != nil {
			return err
		}
		pending, err = a.pending(ctx, tx, s)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		n, err := tx.Exec(ctx, upsertAuthenticator, s.AccountID, sealed, s.Number, a.now().UnixMicro())
		if err == nil && n == 0 {
			return fault.Conflictf("there is an authenticator already")
		}
		pending = sealed
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	plain, err := unseal(a.keys.authenticator, secretOf(s.AccountID), pending)
	if err != nil {
		return Enrolment{}, err
	}
	return a.enrolment(account, plain)
}

func (a *Accounts) enrolment(account Account, plain []byte) (Enrolment, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer:      strings.ReplaceAll(a.siteName(), ":", " "), // a colon ends the issuer
		AccountName: account.Username, Period: codePeriod, Secret: plain, Digits: codeDigits, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return Enrolment{}, err
	}
	var fours []string
	for text := key.Secret(); text != ""; text = text[min(4, len(text)):] {
		fours = append(fours, text[:min(4, len(text))])
	}
	return Enrolment{Secret: strings.Join(fours, " "), URI: key.URL()}, nil
}

// secretOf is what an encrypted secret belongs to.
func secretOf(account int64) string { return "authenticator " + strconv.FormatInt(account, 10) }

func (a *Accounts) pending(ctx context.Context, tx *sqldb.Tx, s Session) ([]byte, error) {
	return sqldb.One(ctx, tx, scanBytes, selectPending, s.AccountID, s.Number, a.now().Add(-stepLife).UnixMicro())
}

// ConfirmAuthenticator takes the first code of the app. It returns the new session (full), which replaces all others, and, if this is the
// account's first factor, ten recovery codes, shown once. It returns fault.Invalid with a problem on "code" for a wrong one, fault.NotFound when no
// authenticator is being set up in this session, fault.Unauthenticated when it has ended.
func (a *Accounts) ConfirmAuthenticator(ctx context.Context, s Session, c Client, code string) ([]string, SignedIn, error) {
	if s.Stage != Enrol && s.Stage != Full {
		return nil, SignedIn{}, signedOut()
	}
	var sealed []byte
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if _, err = a.current(ctx, tx, s); err != nil {
			return err
		}
		sealed, err = a.pending(ctx, tx, s)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, SignedIn{}, fault.NotFoundf("no authenticator is being set up")
	}
	if err != nil {
		return nil, SignedIn{}, err
	}
	typed := compact(code)
	if typed == "" {
		return nil, SignedIn{}, fault.InvalidFields(fault.Problem{Field: "code", Key: "problem.empty"})
	}
	step, err := a.step(s.AccountID, sealed, typed, 0)
	if err != nil {
		return nil, SignedIn{}, err
	}
	if step == 0 {
		return nil, SignedIn{}, wrongCode()
	}
	return a.changeFactors(ctx, s, c, factorChange{action: "authenticator.added", notice: FactorAdded, adds: true, do: func(tx *sqldb.Tx, _ Account) error {
		if err := orSignedOut(tx.Exec(ctx, confirmAuthenticator, s.AccountID, s.Number, a.now().UnixMicro(), step)); err != nil {
			return err
		}
		return a.clearCodes(ctx, tx, s.AccountID)
	}})
}

// step returns the time step whose code this is, 0 for none later than the one after which it must come.
func (a *Accounts) step(account int64, sealed []byte, code string, after int64) (int64, error) {
	if len(code) != codeDigits.Length() {
		return 0, nil
	}
	plain, err := unseal(a.keys.authenticator, secretOf(account), sealed)
	if err != nil {
		return 0, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(plain)
	now := a.now().Unix() / codePeriod
	for step := now - codeSkew; step <= now+codeSkew; step++ {
		right, err := hotp.ValidateCustom(code, uint64(step), text, hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, err
		}
		if right && step > after {
			return step, nil
		}
	}
	return 0, nil
}

// compact leaves out the blanks and hyphens that people type between digits.
func compact(code string) string {
	if len(code) > 200 {
		return "-"
	}
	return string(bytes.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, []byte(code)))
}

func wrongCode() error {
	return fault.InvalidFields(fault.Problem{Field: "code", Key: "problem.code_wrong"})
}

// RemoveAuthenticator ends the other sessions. It returns fault.Stale unless the session is fresh, fault.NotFound when there is none, fault.Conflict
// when it is the last factor of somebody who needs one.
func (a *Accounts) RemoveAuthenticator(ctx context.Context, s Session, c Client) (SignedIn, error) {
	return a.removeFactor(ctx, s, c, factorChange{action: "authenticator.removed"}, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, deleteConfirmed, s.AccountID)
		if err == nil && n == 0 {
			return fault.NotFoundf("there is no authenticator")
		}
		return err
	})
}

// removeFactor removes one factor, and with the last one the recovery codes.
func (a *Accounts) removeFactor(ctx context.Context, s Session, c Client, f factorChange, remove func(tx *sqldb.Tx) error) (SignedIn, error) {
	if err := a.mayChange(s); err != nil {
		return SignedIn{}, err
	}
	f.notice = FactorRemoved
	f.do = func(tx *sqldb.Tx, _ Account) error {
		if err := remove(tx); err != nil {
			return err
		}
		left, err := a.factors(ctx, tx, s)
		if err != nil || left.count() > 0 {
			return err
		}
		if left.Required {
			return fault.Conflictf("the last second factor cannot be removed")
		}
		_, err = tx.Exec(ctx, deleteRecoveryCodes, s.AccountID)
		return err
	}
	_, in, err := a.changeFactors(ctx, s, c, f)
	return in, err
}
