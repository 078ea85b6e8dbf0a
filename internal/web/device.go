package web

import "strings"

// device names a browser the way its owner would: "Firefox, Windows". What it does not know it leaves out; "" is unknown.
func device(userAgent string) string {
	var parts []string
	for _, list := range [][][2]string{
		{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
			{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}},
		{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "Chromebook"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"},
			{"Linux", "Linux"}},
	} {
		for _, known := range list { // the first counts: browsers claim to be their elders, too
			if strings.Contains(userAgent, known[0]) {
				parts = append(parts, known[1])
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
