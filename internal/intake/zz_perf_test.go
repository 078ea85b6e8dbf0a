package intake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGen(t *testing.T) {
	dir := os.Getenv("GEN")
	if dir == "" { t.Skip() }
	os.MkdirAll(dir, 0o755)
	var b strings.Builder
	b.WriteString("sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n")
	for i := range 20000 {
		fmt.Fprintf(&b, "s%d,,,true,o%d,student,u%d,,Given%d,Family-%d Ruiz,,%d,s%d@kids.example,,,\"p%d,p%d,p%d\",%d,\n", i, i%20, i, i, i/2, 100000+i, i, 2*i, 2*i+1, (2*i+2)%40000, i%12+1)
	}
	for i := range 40000 {
		fmt.Fprintf(&b, "p%d,,,true,o%d,parent,v%d,,Parent%d,Family-%d Ruiz,,,p%d@example.org,555-01,,,,\n", i, i%20, i, i, i/4, i)
	}
	os.WriteFile(filepath.Join(dir, "users.csv"), []byte(b.String()), 0o644)
	b.Reset()
	b.WriteString("sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n")
	for i := range 20 { fmt.Fprintf(&b, "o%d,,,School %d,school,,\n", i, i) }
	os.WriteFile(filepath.Join(dir, "orgs.csv"), []byte(b.String()), 0o644)
}
