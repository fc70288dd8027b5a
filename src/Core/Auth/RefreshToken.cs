using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace BookIT.Core.Auth;

/// <summary>
/// A refresh token: the id of the sign-in, a number that counts the rotations, and 32 secret bytes, as one opaque word in
/// base64url. Each secret follows from the one before by a key that only the server has. So a spent token proves that it
/// once was right by growing into the present one, and two tabs that spend the same token get the same next one, though
/// no token is stored.
/// </summary>
internal readonly struct RefreshToken
{
    private const int SecretLength = 32;
    private const int Length = 16 + sizeof(int) + SecretLength;
    private const int TextLength = (Length * 4 + 2) / 3;

    private readonly byte[] bytes;

    private RefreshToken(byte[] bytes) => this.bytes = bytes;

    /// <summary>Of which sign-in it is.</summary>
    public Guid SessionId => new(bytes.AsSpan(0, 16), bigEndian: true);

    /// <summary>How many came before it.</summary>
    public int Generation => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16));

    /// <summary>What is stored in its place.</summary>
    public byte[] Hash => SHA256.HashData(bytes);

    /// <summary>The first token of a sign-in.</summary>
    public static RefreshToken First(Guid sessionId) =>
        Make(sessionId, generation: 0, RandomNumberGenerator.GetBytes(SecretLength));

    /// <summary>False for what cannot be one of ours.</summary>
    public static bool TryParse(string? text, out RefreshToken token)
    {
        var decoded = new byte[Length];
        if (
            text?.Length != TextLength
            || Base64Url.DecodeFromChars(text, decoded, out _, out var length) is not OperationStatus.Done
            || length != Length
        )
        {
            token = default;
            return false;
        }

        token = new RefreshToken(decoded);
        return token.Generation >= 0;
    }

    /// <summary>The token that follows when this one is spent.</summary>
    public RefreshToken Next(byte[] key) => Make(SessionId, Generation + 1, HMACSHA256.HashData(key, bytes));

    /// <summary>The token as it is given out.</summary>
    public override string ToString() => Base64Url.EncodeToString(bytes);

    private static RefreshToken Make(Guid sessionId, int generation, ReadOnlySpan<byte> secret)
    {
        var made = new byte[Length];
        sessionId.TryWriteBytes(made, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(made.AsSpan(16), generation);
        secret.CopyTo(made.AsSpan(16 + sizeof(int)));
        return new RefreshToken(made);
    }
}
