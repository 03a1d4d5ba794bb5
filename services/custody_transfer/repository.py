"""Records out; the only room that speaks SQL. What one case needs, the kernel's log gives."""

from collections.abc import Sequence

from services.kernel.log import Connection


async def cases_of(connection: Connection, organs: Sequence[str], *, after: str = "", limit: int = 50) -> Sequence[str]:
    """The cases that all of these organs have to do with, by id, after one."""
    rows = await connection.fetch(
        """
        SELECT case_id FROM relation WHERE organ_id = ANY($1::text[]) AND case_id > $2
        GROUP BY case_id HAVING count(*) = $3 ORDER BY case_id LIMIT $4
        """,
        organs,
        after,
        len(organs),
        limit,
    )
    return [row["case_id"] for row in rows]
