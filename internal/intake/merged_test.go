package intake

import (
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// joined imports twenty families in which one mother is on record twice, m00 for s00 and again for s01 under m01, and puts the two together.
func (o *office) joined() (rows map[string]string) {
	o.t.Helper()
	rows = twenty()
	rows["m00"], rows["m01"] = adult("m00", "parent", "Maria", "Lopez", "maria@home.example"), adult("m01", "parent", "María", "Lopez", "maria@home.example")
	rows["s02"] = kid("s02", "Kids02", "Lasts02", "1002", "04", "mid", "m00,m01")
	o.take(o.bundle(rows), Options{})
	kept, gone := o.contact("m00"), o.contact("m01")
	err := o.db.Write(o.ctx, func(tx *sqldb.Tx) error {
		_, err := o.roster.MergeContacts(o.ctx, tx, clerk, roster.MergeOrder{Kept: kept.ID, KeptVersion: kept.Version, Gone: gone.ID, GoneVersion: gone.Version})
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return rows
}

// of are the children of a contact.
func (o *office) of(contact string) (children []string) {
	o.t.Helper()
	for _, l := range o.lines() {
		if child, ok := strings.CutSuffix(l, "-"+contact); ok {
			children = append(children, child)
		}
	}
	return children
}

func TestRecordsPutTogetherStayTogetherThroughTheNextRosters(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := o.joined()
		o.same("put together", []string{"s00", "s01", "s02"}, o.of("m00"))
		was := o.dump(recordTables...)
		rep := o.take(o.bundle(rows), Options{})
		o.same("the same roster again", was, o.dump(recordTables...))
		o.same("nothing is planned", []Tally{{Same: 20}, {Same: 19}, {Same: 20}}, []Tally{rep.Students, rep.Contacts, rep.Lines})
		if !mentions(rep.Findings, "merged") {
			t.Errorf("not told: %v", rep.Findings)
		}

		// What the file says of the other row reaches its own children, and no others.
		rows["m01"] = strings.Replace(adult("m01", "relative", "María", "Lopez", "maria@home.example"), ",,,true,", ",,,false,", 1)
		o.take(o.bundle(rows), Options{})
		said := map[string][]any{}
		for _, child := range []string{"s00", "s01", "s02"} {
			l := o.line(child, "m00")
			said[child] = []any{l.Relationship, l.FilePortalAccess}
		}
		o.same("refused for her own children alone", map[string][]any{
			"s00": {"parent", roster.Unknown}, "s01": {"relative", roster.No}, "s02": {"relative", roster.No},
		}, said)
		o.same("her address", "maria@home.example", o.contact("m00").Email)

		rows["s01"] = kid("s01", "Kids01", "Lasts01", "1001", "04", "mid", "")
		o.take(o.bundle(rows), Options{})
		o.same("a line that the file has no more", []string{"s00", "s02"}, o.of("m00"))
		rows["s04"] = kid("s04", "Kids04", "Lasts04", "1004", "04", "mid", "m04,m01")
		o.take(o.bundle(rows), Options{})
		o.same("a new child of the other row", []string{"s00", "s02", "s04"}, o.of("m00"))
		o.same("comes as the other row says", roster.No, o.line("s04", "m00").FilePortalAccess)
	})
}

func TestChangesOfTheOtherRowLeaveTheRecordAsItIs(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.joined()
		was := o.dump(recordTables...)
		o.take(o.delta(adult("m01", "parent", "María", "Lopez", "elsewhere@home.example")), Options{})
		o.same("another address of the other row", was, o.dump(recordTables...))
		o.take(o.delta(strings.Replace(adult("m01", "parent", "María", "Lopez", "elsewhere@home.example"), ",,,true,", ",,,false,", 1)), Options{})
		for _, child := range []string{"s00", "s01", "s02"} {
			o.same("refused for "+child, roster.No, o.line(child, "m00").FilePortalAccess)
		}
		o.same("her address", "maria@home.example", o.contact("m00").Email)
	})
}

func TestARosterThatDropsOneOfTwoRowsKeepsThePerson(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		rows := o.joined()
		delete(rows, "m00")
		rows["s00"] = kid("s00", "Kids00", "Lasts00", "1000", "04", "mid", "m01")
		rows["s02"] = kid("s02", "Kids02", "Lasts02", "1002", "04", "mid", "m01")
		rows["m01"] = adult("m01", "parent", "María", "Lopez", "new@home.example")
		o.take(o.bundle(rows), Options{})
		o.same("her children", []string{"s00", "s01", "s02"}, o.of("m00"))
		c := o.contact("m00")
		o.same("her record follows the row that is left", []any{"new@home.example", false}, []any{c.Email, c.Left})

		o.take(o.delta(strings.Replace(rows["m01"], "m01,,", "m01,tobedeleted,", 1)), Options{AllowRemovals: true})
		if slices.ContainsFunc(o.snapshot().Contacts, func(c roster.Contact) bool { return c.SourceID == "m01" }) {
			t.Error("the other record is back")
		}
	})
}
