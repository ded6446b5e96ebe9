// Adds entries to a tessera log on files, and waits until all of them are integrated and published.
// Compiled within tessera's own module, so that its go.sum pins what is imported.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
)

var (
	folder = flag.String("folder", "", "where the log is made")
	count  = flag.Int("count", 0, "entries")
	size   = flag.Int("size", 0, "bytes of each")
	batch  = flag.Uint("batch", 256, "entries integrated together at most")
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	flag.Parse()
	ctx := context.Background()
	secret, _, err := note.GenerateKey(rand.Reader, "bench")
	must(err)
	signer, err := note.NewSigner(secret)
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: *folder})
	must(err)
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(*batch, 100*time.Millisecond).
		WithPushback(uint(*count) + 1).
		WithCheckpointInterval(time.Second)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(err)
	await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	entries := make([]*tessera.Entry, *count)
	for n := range entries {
		data := make([]byte, *size)
		_, err := rand.Read(data)
		must(err)
		entries[n] = tessera.NewEntry(data)
	}
	begun := time.Now()
	futures := make([]tessera.IndexFuture, *count)
	for n, entry := range entries {
		futures[n] = appender.Add(ctx, entry)
	}
	indexes := make(map[uint64]bool, *count)
	for _, future := range futures {
		index, err := future()
		must(err)
		indexes[index.Index] = true
	}
	integrated := time.Since(begun).Seconds()
	_, _, err = await.Await(ctx, futures[*count-1])
	must(err)
	published := time.Since(begun).Seconds()
	top, err := reader.IntegratedSize(ctx)
	must(err)
	must(shutdown(ctx))
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"indexes": len(indexes), "size": top, "integrated": integrated, "published": published,
	}))
}
