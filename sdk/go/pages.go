package perennial

import (
	"errors"
	"iter"
)

// Pages are all items of a list, in order, fetched as they are read. fetch gets a page token (empty for the first page)
// and answers the items of that page and the token of the next one (empty at the end). An error ends the list.
func Pages[Item any](fetch func(token string) (items []Item, next string, err error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var none Item
		token := ""
		for {
			items, next, err := fetch(token)
			if err == nil && next != "" && next == token {
				err = errors.New("the server repeated a page token")
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			token = next
		}
	}
}
