namespace BookIT.Core.Redis;

/// <summary>What a call to Redis throws: one of the three below.</summary>
public abstract class RedisException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>There is no connection, or it was lost before the reply came: the command may or may not have run.</summary>
public sealed class RedisConnectionException(string message, Exception? inner = null) : RedisException(message, inner);

/// <summary>The reply did not come in time: the command may or may not have run.</summary>
public sealed class RedisTimeoutException(string message) : RedisException(message);

/// <summary>The server answered with an error; the message is the server's own, such as <c>WRONGTYPE …</c>.</summary>
public sealed class RedisServerException(string message) : RedisException(message);
