package demo_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func packed(t *testing.T, d demo.Data) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := demo.WriteOneRoster(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack returns each file of a package as rows by column.
func unpack(t *testing.T, data []byte) map[string][]map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(in).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatalf("%s: %d rows, %v", f.Name, len(rows), err)
		}
		for _, row := range rows[1:] {
			m := map[string]string{}
			for i, column := range rows[0] {
				m[column] = row[i]
			}
			files[f.Name] = append(files[f.Name], m)
		}
		_ = in.Close()
	}
	return files
}

func TestAPackageOfOneRosterIsCompleteInItself(t *testing.T) {
	d := demo.Generate(2, 600)
	files := unpack(t, packed(t, d))
	modes := map[string]string{}
	for _, row := range files["manifest.csv"] {
		modes[row["propertyName"]] = row["value"]
	}
	if len(modes) != 25 || modes["oneroster.version"] != "1.2" || modes["file.users"] != "bulk" || modes["file.classes"] != "absent" {
		t.Errorf("manifest: %v", modes)
	}
	ids := map[string]bool{}
	for _, file := range []string{"orgs.csv", "users.csv", "roles.csv"} {
		for _, row := range files[file] {
			if id := row["sourcedId"]; id == "" || ids[id] || row["status"] != "" || row["dateLastModified"] != "" {
				t.Errorf("%s: %v", file, row)
			} else {
				ids[id] = true
			}
		}
	}
	agents, roles := map[[2]string]int{}, map[string]string{}
	for _, row := range files["roles.csv"] {
		if !ids[row["userSourcedId"]] || !ids[row["orgSourcedId"]] {
			t.Errorf("a role of nobody or nowhere: %v", row)
		}
		roles[row["userSourcedId"]] = row["role"]
	}
	for _, row := range files["users.csv"] {
		if roles[row["sourcedId"]] == "" {
			t.Errorf("no role: %v", row)
		}
		for agent := range strings.SplitSeq(row["agentSourcedIds"], ",") {
			pair := [2]string{row["sourcedId"], agent}
			if roles[row["sourcedId"]] != "student" {
				pair = [2]string{agent, row["sourcedId"]}
			}
			if agents[pair]++; agent != "" && !ids[agent] {
				t.Errorf("%s refers to %s, who is not there", row["sourcedId"], agent)
			}
		}
	}
	want := map[[2]string]int{}
	for _, l := range d.Lines {
		if s := d.Students[l.Student]; s.Status == roster.Enrolled {
			want[[2]string{s.SourceID, d.Contacts[l.Contact].SourceID}] = 2 // from either side
		}
	}
	if diff := cmp.Diff(want, agents); diff != "" {
		t.Errorf("links (-made +written):\n%s", diff)
	}
}
