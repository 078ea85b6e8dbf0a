package help_test
import ("testing";"time";"strings")
func TestZZ(t *testing.T){
 l := open(t, database(t))
 for _, s := range []string{strings.Repeat("> ",50000), strings.Repeat("[",100000), strings.Repeat("[",5000)+"x"+strings.Repeat("](y)",5000), strings.Repeat("* ",50000), strings.Repeat("*a_ ",25000), strings.Repeat("`a``",25000), strings.Repeat("![",50000), strings.Repeat("<a",50000), strings.Repeat("- ",3000)+"x", strings.Repeat("[a](",25000),strings.Repeat("|a",50000)+"\n"+strings.Repeat("|-",50000), strings.Repeat("1. ",3000),strings.Repeat("> ",3000)+"x", strings.Repeat("[",15000)+"x"+strings.Repeat("](y)",15000),strings.Repeat("*",50000)+"a"+strings.Repeat("*",50000), strings.Repeat("**a ",25000)} {
  b:=time.Now(); l.Render(s); t.Logf("%.12q %v", s, time.Since(b))
 }
}
