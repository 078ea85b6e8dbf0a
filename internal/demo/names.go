package demo

import (
	"embed"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
)

// Each file holds one name a line, the frequent ones first.
//
//go:embed names/*.txt
var nameFiles embed.FS

// names are the lists that names are drawn from.
type names struct {
	surnames, women, men        list
	apellidos, mujeres, hombres list
	scripts                     []script
}

func loadNames() names {
	file := func(name string, flat float64) list {
		text, err := nameFiles.ReadFile("names/" + name + ".txt")
		if err != nil {
			panic(err) // the file is part of the program
		}
		return newList(string(text), flat)
	}
	return names{
		surnames: file("surnames", 36), women: file("women", 20), men: file("men", 20),
		apellidos: file("apellidos", 20), mujeres: file("mujeres", 10), hombres: file("hombres", 10),
		scripts: scripts(),
	}
}

// list is a list of names in which the n-th is drawn with a weight of 1/(n+flat): about as in life, where one in a hundred is a Smith.
type list struct {
	names []string
	upTo  []float64
}

func newList(text string, flat float64) list {
	l := list{names: strings.Split(strings.TrimSpace(text), "\n")}
	sum := 0.0
	for i := range l.names {
		sum += 1 / (float64(i+1) + flat)
		l.upTo = append(l.upTo, sum)
	}
	return l
}

func (b *builder) draw(l list) string {
	i, _ := slices.BinarySearch(l.upTo, b.rand.Float64()*l.upTo[len(l.upTo)-1])
	return l.names[min(i, len(l.names)-1)]
}

// script is a family name in another writing with first names that go with it.
type script struct {
	surname    string
	women, men []string
}

func scripts() []script {
	return []script{
		{"王", []string{"秀英", "丽", "小红", "雨桐"}, []string{"伟", "小明", "强", "浩然"}},
		{"陳", []string{"美玲", "淑芬", "怡君"}, []string{"志明", "家豪", "冠宇"}},
		{"佐藤", []string{"陽菜", "さくら", "結衣"}, []string{"翔太", "大輔", "ひろし"}},
		{"김", []string{"서연", "지우", "민서"}, []string{"민준", "서준", "도윤"}},
		{"Шевченко", []string{"Мария", "Олена", "Ірина"}, []string{"Олександр", "Дмитро", "Андрій"}},
		{"Бондаренко", []string{"Юлія", "Анна", "Світлана"}, []string{"Іван", "Сергій", "Максим"}},
		{"الخطيب", []string{"فاطمة", "مريم", "ليلى"}, []string{"محمد", "أحمد", "يوسف"}},
		{"حداد", []string{"نور", "زينب", "سارة"}, []string{"علي", "عمر", "خالد"}},
		{"शर्मा", []string{"प्रिया", "अनन्या", "दीपा"}, []string{"राहुल", "अमित", "रोहन"}},
		{"Παππάς", []string{"Ελένη", "Μαρία", "Σοφία"}, []string{"Γιώργος", "Νίκος", "Δημήτρης"}},
		{"כהן", []string{"שרה", "רבקה", "נועה"}, []string{"דוד", "יוסף", "איתן"}},
		{"ნადირაძე", []string{"ნინო", "თამარ"}, []string{"გიორგი", "ლუკა"}},
	}
}

// preferred returns what somebody of that first name is called at home; "" for most.
func preferred(first string) string {
	return map[string]string{
		"Elizabeth": "Liz", "Katherine": "Kate", "Margaret": "Peggy", "William": "Bill", "Robert": "Bob", "Richard": "Rick",
		"Francisco": "Paco", "José": "Pepe", "Guadalupe": "Lupe", "Alexander": "Alex", "Samantha": "Sam", "Thomas": "Tom",
	}[first]
}

// mailbox makes an address that nobody else has, from a name.
func (b *builder) mailbox(first, last string) string {
	local := "family"
	if k, ok := lang.RecordedKeys(first, last); ok && ascii(k.First+k.Last) && k.First != "" && k.Last != "" {
		local = k.First + "." + k.Last
	}
	b.mailboxes[local]++
	if n := b.mailboxes[local]; n > 1 || local == "family" {
		local += strconv.Itoa(n)
	}
	return local + []string{"@example.org", "@example.com"}[b.rand.IntN(2)]
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
