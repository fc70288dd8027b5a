using System.Buffers;
using System.Buffers.Text;

namespace BookIT.Bot.Updates;

/// <summary>An id in 22 letters: buttons say 64 bytes at most.</summary>
internal static class ShortId
{
    private const int Length = 22;
    private const int Bytes = 16;

    public static string Of(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    public static bool TryRead(string text, out Guid id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        var isRead =
            text.Length == Length
            && Base64Url.DecodeFromChars(text, bytes, out _, out var length) is OperationStatus.Done
            && length == Bytes;
        id = isRead ? new Guid(bytes, bigEndian: true) : Guid.Empty;
        return isRead;
    }
}
