package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	moveLines = `update student_contact set contact_id = $1, updated_at = $3, version = version + 1 where contact_id = $2`

	moveLine = `update student_contact set contact_id = $1, version = version + 1 where id = $2 and version = $3`

	moveAliases = `update contact_alias set contact_id = $1 where contact_id = $2`

	aliasesOf = `select source_id from contact_alias where contact_id = $1`

	// The list of ids follows it.
	giveAliasesTo = `update contact_alias set contact_id = $1 where source_id in `

	insertAlias = `insert into contact_alias (source_id, contact_id) values ($1, $2)`

	deleteAlias = `delete from contact_alias where source_id = $1 and contact_id = $2`

	selectAliases = `select a.source_id, c.source_id from contact_alias a join contact c on c.id = a.contact_id where c.source_id is not null`

	insertMerge = `insert into contact_merge (kept_id, gone_id, before, after, merged_at, merged_by) values ($1, $2, $3, $4, $5, $6) returning id`

	selectMergeImages = `select before, after, undone_at is not null from contact_merge where id = $1`

	endMerge = `update contact_merge set undone_at = $2, undone_by = $3 where id = $1 and undone_at is null`

	// The list of words follows it.
	contactsWithWords = `select distinct word, contact_id from line_word where word in `
)

// mergeImages returns both records as they were before the merge and as it left them.
func mergeImages(ctx context.Context, tx *sqldb.Tx, id int64) (before, after mergeImage, err error) {
	var was, is string
	var undone bool
	_, err = sqldb.One(ctx, tx, func(r *sql.Rows) (struct{}, error) { return struct{}{}, r.Scan(&was, &is, &undone) }, selectMergeImages, id)
	switch {
	case err != nil:
		return before, after, err
	case undone:
		return before, after, fault.Conflictf("the merge was undone already")
	}
	if err := json.Unmarshal([]byte(was), &before); err != nil {
		return before, after, fmt.Errorf("merge %d: %w", id, err)
	}
	if err := json.Unmarshal([]byte(is), &after); err != nil {
		return before, after, fmt.Errorf("merge %d: %w", id, err)
	}
	return before, after, nil
}

// ContactsWithPhones returns the contacts on record for a student who have one of the telephone numbers of the given ones.
func (r *Roster) ContactsWithPhones(ctx context.Context, tx *sqldb.Tx, of []Contact) (map[string][]int64, error) {
	var words []string
	for _, c := range of {
		for _, key := range phoneKeys(c) {
			words = append(words, PhoneMark+key)
		}
	}
	found := map[string][]int64{}
	return found, eachSource(ctx, tx, words, contactsWithWords, func(r *sql.Rows) error {
		var word string
		var contact int64
		err := r.Scan(&word, &contact)
		found[word[len(PhoneMark):]] = append(found[word[len(PhoneMark):]], contact)
		return err
	})
}

// PhoneKeysOf are the keys by which ContactsWithPhones names the telephone numbers of a contact.
func PhoneKeysOf(c Contact) []string { return phoneKeys(c) }

func scanSource(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }

// giveAliases has ids of a roster stand for another contact.
func giveAliases(ctx context.Context, tx *sqldb.Tx, sources []string, contact int64) error {
	return eachList(sources, 1, func(in string, args []any) error {
		_, err := tx.Exec(ctx, giveAliasesTo+"("+in+")", slices.Insert(args, 0, any(contact))...)
		return err
	})
}
