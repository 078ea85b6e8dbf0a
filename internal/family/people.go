package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Words implements account.People: names of the person and of the children, ID Numbers, the school's and the district's name.
func (f *Family) Words(ctx context.Context, tx *sqldb.Tx, a account.Account) ([]string, error) {
	switch a.Kind {
	case access.Parent:
		own, err := sqldb.All(ctx, tx, scanOwnLine(f.rule()), selectOwnLines, a.ID)
		if err != nil {
			return nil, err
		}
		words := f.commonWords()
		for _, l := range own {
			words = append(words, l.Own.First, l.Own.Middle, l.Own.Last, l.First, l.Middle, l.Last, l.IDNumber, l.School)
		}
		return tidyWords(words), nil
	case access.Student:
		student, err := valueOrZero(ctx, tx, selectStudentOfAccount, a.ID)
		if err != nil || student == 0 {
			return f.commonWords(), err
		}
		return f.studentWords(ctx, tx, student)
	}
	return tidyWords(append(f.commonWords(), a.Name)), nil
}

// studentWords are the words of a student's password.
func (f *Family) studentWords(ctx context.Context, tx *sqldb.Tx, student int64) ([]string, error) {
	s, err := f.roster.Student(ctx, tx, student)
	if err != nil {
		return nil, err
	}
	return tidyWords(append(f.commonWords(), s.First, s.Middle, s.Last, s.PreferredFirst, s.PreferredLast, s.IDNumber, s.SchoolName)), nil
}

func (f *Family) commonWords() []string { return []string{f.settings.Values().DistrictName} }

// tidyWords leaves out empty and repeated words.
func tidyWords(words []string) []string {
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" })
}

// Notify implements account.People. What concerns a student's login is told to the parent who made it, and only a new password. Who has
// no address on record is told nothing.
func (f *Family) Notify(ctx context.Context, tx *sqldb.Tx, a account.Account, n account.Notice) error {
	template := map[account.Notice]string{
		account.PasswordChanged:   mailPasswordChanged,
		account.UsernameChanged:   mailUsernameChanged,
		account.NewDevice:         mailNewDevice,
		account.Locked:            mailLocked,
		account.FactorAdded:       mailFactorAdded,
		account.FactorRemoved:     mailFactorRemoved,
		account.RecoveryCodesMade: mailRecoveryCodesMade,
		account.RecoveryCodeUsed:  mailRecoveryCodeUsed,
		account.CodesRefused:      mailCodesRefused,
	}[n]
	if template == "" {
		return nil
	}
	order := mailOrder{Template: template, AccountID: a.ID}
	var err error
	switch a.Kind {
	case access.Staff:
		if a.Email == "" {
			return nil
		}
		return f.enqueueMail(ctx, tx, order)
	case access.Parent:
		order.ContactID, err = valueOrZero(ctx, tx, selectAddressee, a.ID)
	case access.Student:
		if n != account.PasswordChanged {
			return nil
		}
		order, err = f.noticeToMaker(ctx, tx, a)
	}
	if err != nil || order.ContactID == 0 {
		return err
	}
	return f.enqueueMail(ctx, tx, order)
}

// noticeToMaker orders a mail to the parent who made a student's login, without a contact if there is no address.
func (f *Family) noticeToMaker(ctx context.Context, tx *sqldb.Tx, a account.Account) (mailOrder, error) {
	student, err := valueOrZero(ctx, tx, selectStudentOfAccount, a.ID)
	if err != nil || student == 0 {
		return mailOrder{}, err
	}
	made, err := madeLogins(ctx, tx, selectMadeForStudents, []int64{student})
	if err != nil || len(made) == 0 {
		return mailOrder{}, err
	}
	return f.makerOrder(ctx, tx, made[0])
}

// UsernameReserved implements account.People.
func (f *Family) UsernameReserved(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, acct int64) (bool, error) {
	contact, err := reservedFor(ctx, tx, kind, key, f.now())
	if err != nil || contact == 0 {
		return false, err
	}
	own, err := heldBy(ctx, tx, acct)
	return !slices.Contains(own, contact), err
}

// Hold gives an account a contact, without any proof that they are one person: sample districts alone are made so.
func (f *Family) Hold(ctx context.Context, tx *sqldb.Tx, acct, contact int64) error {
	return hold(ctx, tx, acct, contact, f.now())
}
