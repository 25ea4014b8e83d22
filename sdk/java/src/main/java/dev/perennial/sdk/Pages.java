package dev.perennial.sdk;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Lists as iterables: pages are fetched as they are read. */
public final class Pages {
  private Pages() {}

  /**
   * One page.
   *
   * @param items its items
   * @param next the token of the next page, empty at the end
   */
  public record Page<T>(List<T> items, String next) {}

  /** All items of a list, in order. {@code fetch} gets a page token, empty for the first page. */
  public static <T> Iterable<T> of(Function<String, Page<T>> fetch) {
    return () -> new Items<>(fetch);
  }

  /** The same as a stream. */
  public static <T> Stream<T> stream(Function<String, Page<T>> fetch) {
    return StreamSupport.stream(of(fetch).spliterator(), false);
  }

  private static final class Items<T> implements Iterator<T> {
    private final Function<String, Page<T>> fetch;
    private Iterator<T> items = Collections.emptyIterator();
    private String token = "";

    Items(Function<String, Page<T>> fetch) {
      this.fetch = fetch;
    }

    @Override
    public boolean hasNext() {
      while (!items.hasNext() && token != null) {
        Page<T> page = fetch.apply(token);
        if (!page.next().isEmpty() && page.next().equals(token)) {
          throw new IllegalStateException("the server repeated a page token");
        }
        items = page.items().iterator();
        token = page.next().isEmpty() ? null : page.next();
      }
      return items.hasNext();
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return items.next();
    }
  }
}
