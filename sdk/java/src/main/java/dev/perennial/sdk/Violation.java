package dev.perennial.sdk;

/**
 * One field that is wrong.
 *
 * @param field path of the field in the request
 * @param description what is wrong with it
 */
public record Violation(String field, String description) {}
